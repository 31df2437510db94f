"""The threads of the process, in which archive and passwords keep nobody waiting; and turns."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from chatsvc.store.archive import Worker, Workers

READERS = 2  # threads that read the archive
SEARCHERS = 2  # threads that search it


class Threads:
    """Pools of threads, each for one kind of work."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._pools: list[ThreadPool] = []
        writer = self._pool("writer", 1, least=1)
        readers, indexer = self._pool("readers", READERS), self._pool("indexer", 1)
        searchers, slow = self._pool("searchers", SEARCHERS), self._pool("slow searcher", 1)
        self.of_archive = Workers(writer, readers, indexer, searchers, slow)
        self.hasher = self._pool("hasher", 1)
        self.watcher = self._pool("watcher", 1)

    def _pool(self, name: str, most: int, least: int = 0) -> Worker:
        pool = ThreadPool(least, most, name)
        self._pools.append(pool)
        return cast(Worker, partial(deferToThreadPool, self._reactor, pool))

    def turn(self) -> Deferred[None]:
        """Wait until everything else that is ready in the main thread has run."""
        return self.pause(0)

    def pause(self, seconds: float) -> Deferred[None]:
        """Wait in the main thread, which goes on meanwhile."""
        done: Deferred[None] = Deferred()
        self._reactor.callLater(seconds, done.callback, None)
        return done

    def start(self) -> None:
        """Start them."""
        for pool in self._pools:
            pool.start()

    def stop(self) -> None:
        """Stop them, once each has finished what it does."""
        for pool in self._pools:
            pool.stop()
