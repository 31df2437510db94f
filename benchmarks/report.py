"""The results of the runs: figures, their medians, and tables in Markdown."""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass, field

Figures = dict[str, float]
COMPARED = ("chatsvc", "chatsvc-irc")  # ours, with which each of the others is compared


@dataclass
class Results:
    """The figures of every run, by scenario and server, and the failures in them."""

    runs: dict[str, dict[str, list[Figures]]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, title: str, server: str, figures: Figures) -> None:
        self.runs.setdefault(title, {}).setdefault(server, []).append(figures)

    def medians(self, title: str) -> dict[str, Figures]:
        return {server: median_figures(runs) for server, runs in self.runs[title].items()}


def median_figures(runs: list[Figures]) -> Figures:
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def print_table(title: str, head: list[str], rows: list[list[str]]) -> None:
    print(f"\n### {title}\n")
    print("| " + " | ".join(head) + " |")
    print("|---|" + "---:|" * (len(head) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def ratio(mine: Figures | None, other: Figures, key: str) -> str:
    """Return this server's figure as a multiple of chatsvc's."""
    if mine is None or mine is other or not other[key]:
        return ""
    return f"{mine[key] / other[key]:.2f}"


def print_talking(title: str, medians: dict[str, Figures]) -> None:
    head = ["server", "deliveries/s", "µs CPU per delivery", "p50 ms", "p99 ms"]
    head += ["server busy", "generator busy", "others busy"]
    ours = {name: medians[name] for name in COMPARED if name in medians}
    for name in ours:
        head += [f"{name} ÷ it: deliveries/s", "CPU", "p99"]
    rows = []
    for server, figures in medians.items():
        row = [server, f"{figures['deliveries_per_second']:,.0f}"]
        row += [f"{figures['cpu_us_per_delivery']:.3f}"]
        row += [f"{figures['p50_ms']:.2f}", f"{figures['p99_ms']:.2f}"]
        row += [f"{figures[who + '_busy']:.0%}" for who in ("server", "generator", "others")]
        compared = ("deliveries_per_second", "cpu_us_per_delivery", "p99_ms")
        rows.append(row + [ratio(mine, figures, key) for mine in ours.values() for key in compared])
    print_table(title, head, rows)


def print_idle(title: str, medians: dict[str, Figures]) -> None:
    head = ["server", "all there after s", "MiB before", "MiB with them", "KiB each"]
    head += ["chatsvc ÷ it"]
    mine = medians.get("chatsvc")
    rows = []
    for server, figures in medians.items():
        row = [server, f"{figures['arrival_seconds']:.1f}"]
        row += [f"{figures[key] / 1024:.1f}" for key in ("kib_before", "kib_after")]
        rows.append(
            [*row, f"{figures['kib_per_client']:.1f}", ratio(mine, figures, "kib_per_client")]
        )
    print_table(title, head, rows)


def print_deep(title: str, medians: dict[str, Figures], shown: int) -> None:
    few, many = medians
    measured = {
        "joining, ms": "join_ms",
        f"/history {shown}, ms": "history_ms",
        "a line said and heard, p50 ms": "p50_ms",
        "a line said and heard, p99 ms": "p99_ms",
        "lines/s, one in flight": "lines_per_second",
    }
    rows = []
    for words, key in measured.items():
        both = [f"{medians[size][key]:,.3f}" for size in (few, many)]
        rows.append([words, *both, ratio(medians[many], medians[few], key)])
    print_table(title, ["", few, many, "ratio"], rows)
