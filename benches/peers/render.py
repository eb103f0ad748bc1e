#!/usr/bin/env python3
"""Print one or more results files beside what Quillon is to reach: medians of all runs.

    render.py results.json [more.json ...]     later files add peers, or add runs to peers

A limit of "x floor" is a ratio to the floor measured in the same runs; the machine is noisy, so ratios count.
"""
import json
import statistics
import sys


def take(peer, kinds, *path):
    """The value at `path` in the samples of every run of these kinds that has one."""
    found = []
    for kind in kinds.split():
        for run in peer[kind]:
            value = run["samples"]
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                found.append(value)
    return found


def warm(peer, key):
    return [turn[key] for turns in take(peer, "whole", "warm") for turn in turns if turn[key] is not None]


def later_sessions(peer):
    return [ms for all_ms in take(peer, "sessions", "each_ms") for ms in all_ms[1:]]


def megabytes(peer, kind, key):
    return [kb / 1024 for kb in take(peer, kind, key, "pss")]


def overhead(peer, turn, width=5):
    """Of the turns up to `turn`, the median of the last few: one turn alone says little."""
    return [statistics.median(row[0] for row in turns[turn - width:turn])
            for turns in take(peer, "growth", "turns") if len(turns) >= turn]


AT_MOST, AT_LEAST, TIMES_FLOOR = "≤", "≥", "≤ x floor"
# Title, how to read it from a peer, the kind of limit, the limit, whether it is a gate.
FIGURES = [
    ("spawn to `initialize`, ms", lambda p: take(p, "whole sessions growth", "init_ms"), TIMES_FLOOR, 2.5, True),
    ("`session/new`, first, ms", lambda p: take(p, "whole growth", "session_ms"), AT_MOST, 3, False),
    ("`session/new`, later, ms", later_sessions, AT_MOST, 1, False),
    ("prompt to model request, first, ms", lambda p: take(p, "whole", "cold", "pre_ms"), AT_MOST, 5, True),
    ("prompt to model request, warm, ms", lambda p: warm(p, "pre_ms"), AT_MOST, 1.5, False),
    ("first delta to update, ms", lambda p: warm(p, "ttft_ms"), TIMES_FLOOR, 2, True),
    ("end of stream to stop response, ms", lambda p: warm(p, "stop_ms"), AT_MOST, 1, False),
    ("tool round trip (read), ms", lambda p: take(p, "whole", "tools", "median_ms"), AT_MOST, 1, True),
    ("cancel to answer, streaming, ms", lambda p: take(p, "whole", "cancel_stream", "ms"), AT_MOST, 2, False),
    ("cancel to answer, hanging, ms", lambda p: take(p, "whole", "cancel_hang", "ms"), AT_MOST, 2, False),
    ("5,000 deltas, a second", lambda p: take(p, "whole", "stream", "per_s"), AT_LEAST, 80_000, False),
    ("5,000 deltas, CPU s", lambda p: take(p, "whole", "stream", "cpu_s"), AT_MOST, 0.05, False),
    ("PSS after `initialize`, MB", lambda p: megabytes(p, "whole", "mem_init"), AT_MOST, 8, True),
    ("PSS with 1 session, MB", lambda p: megabytes(p, "whole", "mem_1"), AT_MOST, 9, True),
    ("PSS with 20 sessions, MB", lambda p: megabytes(p, "sessions", "mem_n"), AT_MOST, 15, True),
    ("PSS after 200 turns, MB", lambda p: megabytes(p, "growth", "mem_grown"), AT_MOST, 15, True),
    ("overhead of turn 50, ms", lambda p: overhead(p, 50), AT_MOST, 2, False),
    ("overhead of turn 200, ms", lambda p: overhead(p, 200), AT_MOST, 2, False),
    ("first request, kB", lambda p: [b / 1000 for b in take(p, "whole", "cold", "bytes")], AT_MOST, 12, False),
    ("tools declared", lambda p: take(p, "whole", "cold", "tools"), None, None, False),
    ("processes with 1 session", lambda p: take(p, "whole", "mem_1", "procs"), AT_MOST, 1, False),
    ("installed, MB", lambda p: [p["disk"] / 1e6], AT_MOST, 20, False),
]


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def shown(values):
    """The median, and how far the runs lie apart."""
    if not values:
        return "–"
    spread = f" ({number(min(values))}–{number(max(values))})" if len(values) > 1 else ""
    return number(statistics.median(values)) + spread


def verdict(values, floor, how, limit):
    """What is asked for, and whether it is there."""
    if how is None:
        return "", ""
    asked = f"≤ {limit} × floor" if how == TIMES_FLOOR else f"{how} {limit:,}"
    if not values or (how == TIMES_FLOOR and not floor):
        return asked, ""
    value = statistics.median(values)
    if how == TIMES_FLOOR:
        ratio = value / statistics.median(floor)
        return asked, f"{ratio:.2f} ×, {'met' if ratio <= limit else 'missed'}"
    met = value >= limit if how == AT_LEAST else value <= limit
    return asked, "met" if met else "missed"


def load(paths):
    peers, machine = {}, {}
    for path in paths:
        with open(path) as f:
            told = json.load(f)
        machine = told["machine"]
        for name, peer in told["peers"].items():
            if name not in peers:
                peers[name] = peer
                continue
            for kind in ("whole", "sessions", "growth"):
                peers[name][kind] += peer[kind]
    return peers, machine


def main():
    peers, machine = load(sys.argv[1:])
    names = sorted(peers, key=lambda name: (name == "quillon", name))
    print("| figure | " + " | ".join(names) + " | to reach | Quillon |")
    print("|---" * (len(names) + 3) + "|")
    for title, read, how, limit, gate in FIGURES:
        values = {name: read(peer) for name, peer in peers.items()}
        asked, met = verdict(values.get("quillon", values.get("static")), values.get("floor"), how, limit)
        cells = " | ".join(shown(values[name]) for name in names)
        print(f"| {title}{' (gate)' if gate else ''} | {cells} | {asked} | {met} |")
    print(f"\nMachine: {machine['cores']} cores, {machine['cpu']}, Linux {machine['kernel']}.\n")
    for name in names:
        peer = peers[name]
        runs = [run for kind in ("whole", "sessions", "growth") for run in peer[kind]]
        errors = sorted({f"{where}: {what}" for run in runs for where, what in run["errors"].items()})
        foreign = shown([100 * run["samples"].get("foreign_cpu", 0) for run in runs])
        counts = "/".join(str(len(peer[kind])) for kind in ("whole", "sessions", "growth"))
        print(f"- {name} {peer['version']}: {counts} runs (whole, 20 sessions, 200 turns); "
              f"others used {foreign} % of the CPUs meanwhile" + (f"; failures: {errors}" if errors else ""))


if __name__ == "__main__":
    main()
