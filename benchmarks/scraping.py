"""Requests a server's `/metrics` every second, as Prometheus does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

EVERY = 1.0  # seconds


@contextmanager
def scraped(port: int) -> Iterator[None]:
    """Scrape the server at this port of this machine until the end of the block."""
    ended = threading.Event()
    scraper = threading.Thread(target=_scrape, args=(port, ended))
    scraper.start()
    try:
        yield
    finally:
        ended.set()
        scraper.join()


def _scrape(port: int, ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            assert b"chatsvc_deliveries_total" in answer.read()
