#!/usr/bin/env python3
"""Measure coding agents side by side against a scripted model.

    bench.py --peers-dir DIR --work DIR --out results.json [--peers a,b] [--reps 5]

Peers take turns (the order rotates every round), so drift of the machine is
shared. Unless --open-network is given, everything runs in a network namespace
that has only loopback. Raw samples go to --out; render.py prints the tables.
"""
import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import time
import traceback

import acp_driver
import procs

HERE = os.path.dirname(os.path.abspath(__file__))
MS = 1e6


class Log:
    """Follows the mock's JSONL log."""

    def __init__(self, path):
        self.f, self.recs, self.rest = open(path), {}, ""

    def poll(self):
        self.rest += self.f.read()
        *lines, self.rest = self.rest.split("\n")
        for line in lines:
            r = json.loads(line)
            self.recs.setdefault(r.get("id"), []).append(r)

    async def main(self, ident, want=1, timeout=3.0, key="t_end"):
        """Finished main requests of one prompt, in order of arrival; waits for `want` of them."""
        end = time.monotonic() + timeout
        while True:
            self.poll()
            got = [r for r in self.recs.get(ident, []) if r["kind"] == "main" and key in r]
            if len(got) >= want or time.monotonic() > end:
                return sorted(got, key=lambda r: r["t_req"])
            await asyncio.sleep(0.01)

    def others(self, ident):
        return [r for r in self.recs.get(ident, []) if r["kind"] == "side"]


class Run:
    """One process of one peer, and the samples taken from it."""
    count = 0

    def __init__(self, cfg, cwd, log, work):
        Run.count += 1
        self.cfg, self.cwd, self.log, self.work = cfg, cwd, log, work
        self.tag = f"{os.getpid()}-{Run.count}"
        self.s, self.errors, self.n = {}, {}, 0

    def ident(self):
        self.n += 1
        return f"{self.tag}-{self.n}"

    async def open(self):
        self.p = acp_driver.make(self.cfg, self.cwd, self.tag, self.work)
        await self.p.start()
        self.s["init_ms"] = await self.p.initialize(60) / MS

    async def step(self, name, coro, timeout):
        """Run one measurement; a failure is recorded and does not end the run."""
        try:
            await asyncio.wait_for(coro, timeout)
        except Exception as e:
            self.errors[name] = f"{type(e).__name__}: {e}"[:500]
        return name not in self.errors

    async def memory(self, key):
        await asyncio.sleep(1.0)
        pids = self.p.pids()
        self.s[key] = {**procs.memory(pids), "threads": procs.threads(pids)}

    async def session(self):
        self.sid, ns = await self.p.new_session(60)
        self.s["session_ms"] = ns / MS

    async def hello(self):
        """One short turn; gives its latencies in ms."""
        i = self.ident()
        turn = await self.p.prompt(self.sid, f"Say hello [[scenario:hello id={i} pause=3]]", 40)
        if turn.stop != "end_turn":
            raise RuntimeError(f"stop: {turn.stop}")
        reqs = await self.log.main(i)
        if not reqs:
            raise RuntimeError("no model request seen")
        r = reqs[0]
        first = next((t for t, _ in turn.texts if t >= r["t_first"]), None)
        out = {"pre_ms": (r["t_req"] - turn.t_send) / MS, "stop_ms": (turn.t_stop - r["t_end"]) / MS,
               "ttft_ms": (first - r["t_first"]) / MS if first else None,
               "whole_ms": (turn.t_stop - turn.t_send - (r["t_end"] - r["t_req"])) / MS,
               "bytes": r["bytes"], "tools": r["tools"], "text_chars": turn.text_chars}
        return out, i, turn

    async def hellos(self, warm):
        cold, i, turn = await self.hello()
        self.s["cold"] = cold
        await asyncio.sleep(0.5)
        self.log.poll()
        self.s["side_requests_turn1"] = len(self.log.others(i))
        self.s["extra_main_turn1"] = len(self.log.recs.get(i, [])) - len(self.log.others(i)) - 1
        self.s["warm"] = []
        for _ in range(warm):
            self.s["warm"].append((await self.hello())[0])
            await asyncio.sleep(0.1)

    async def stream(self, n):
        i = self.ident()
        pids = self.p.pids()
        cpu0 = procs.cpu(pids)
        turn = await self.p.prompt(self.sid, f"Stream [[scenario:stream id={i} n={n}]]", 90)
        await asyncio.sleep(0.3)
        cpu1 = procs.cpu(set(pids) | set(self.p.pids()))
        r = (await self.log.main(i))[0]
        if turn.stop != "end_turn":
            raise RuntimeError(f"stop: {turn.stop}")
        self.s["stream"] = {"per_s": n / ((turn.t_stop - r["t_first"]) / 1e9), "ms": (turn.t_stop - r["t_first"]) / MS,
                            "mock_ms": (r["t_end"] - r["t_first"]) / MS, "updates": turn.updates,
                            "text_updates": turn.text_updates, "chars": turn.text_chars, "chars_sent": n * 7,
                            "out_bytes": turn.bytes, "cpu_s": cpu1 - cpu0}

    async def tools(self, n):
        i = self.ident()
        path = os.path.join(self.cwd, "fNNN.txt")
        pids = self.p.pids()
        cpu0 = procs.cpu(pids)
        turn = await self.p.prompt(self.sid, f"Read the files [[scenario:tools id={i} n={n} path={path}]]", 120)
        cpu1 = procs.cpu(set(pids) | set(self.p.pids()))
        rs = await self.log.main(i, n + 1)
        gaps = [(b["t_req"] - a["t_end"]) / MS for a, b in zip(rs, rs[1:n + 1])]
        if turn.stop != "end_turn" or len(rs) < n + 1:
            raise RuntimeError(f"stop: {turn.stop}, {len(rs) - 1} of {n} tool calls")
        gaps_sorted = sorted(gaps)
        self.s["tools"] = {"median_ms": gaps_sorted[len(gaps) // 2], "first_ms": gaps[0], "max_ms": gaps_sorted[-1],
                           "last10_ms": sorted(gaps[-10:])[5], "tool": rs[0].get("tool"), "calls": turn.calls,
                           "perms": len(turn.perms), "updates": turn.updates, "cpu_s": cpu1 - cpu0,
                           "bytes_first": rs[0]["bytes"], "bytes_last": rs[n]["bytes"]}

    async def edit(self):
        i = self.ident()
        path = os.path.join(self.cwd, f"new-{i}.txt")
        turn = await self.p.prompt(self.sid, f"Write a file [[scenario:edit id={i} path={path}]]", 40)
        rs = await self.log.main(i, 2)
        try:
            with open(path) as f:
                done = f.read() == "hello\n"
        except OSError:
            done = False
        s = self.s["edit"] = {"tool": rs[0].get("tool"), "perms": len(turn.perms), "calls": turn.calls,
                              "written": done, "stop": turn.stop, "requests": len(rs)}
        if turn.perms and len(rs) > 1:
            s["ask_ms"] = (turn.perms[0][0] - rs[0]["t_end"]) / MS
            s["after_ms"] = (rs[1]["t_req"] - turn.perms[-1][1]) / MS
        elif len(rs) > 1:
            s["round_ms"] = (rs[1]["t_req"] - rs[0]["t_end"]) / MS

    async def cancel_slow(self):
        i = self.ident()
        turn, f = self.p.begin(self.sid, f"Count slowly [[scenario:slow id={i}]]")
        try:
            await asyncio.wait_for(self.p.first_text.wait(), 20)
        except asyncio.TimeoutError:
            pass  # some peers send text late
        await asyncio.sleep(0.7)
        await self.cancelled(turn, f, i, "cancel_stream")

    async def cancel_hang(self):
        i = self.ident()
        turn, f = self.p.begin(self.sid, f"Think [[scenario:hang id={i}]]")
        if not await self.log.main(i, 1, 20, "event"):
            raise RuntimeError("no model request seen")
        await asyncio.sleep(0.4)
        await self.cancelled(turn, f, i, "cancel_hang")

    async def cancelled(self, turn, f, i, key):
        t = self.p.cancel(self.sid)
        await self.p.finish(turn, f, 25)
        rs = await self.log.main(i, 1, 1.5, "t_close")
        self.s[key] = {"ms": (turn.t_stop - t) / MS, "stop": turn.stop,
                       "upstream_closed_ms": (rs[0]["t_close"] - t) / MS if rs else None}

    # ---- the three kinds of run
    async def whole(self, a):
        await self.memory("mem_init")
        if not await self.step("session", self.session(), 70):
            return
        await self.memory("mem_1")
        if not await self.step("hello", self.hellos(a.warm), 90):
            return
        await self.step("stream", self.stream(a.deltas), 100)
        await self.step("tools", self.tools(a.calls), 130)
        await self.step("edit", self.edit(), 50)
        await self.step("cancel_stream", self.cancel_slow(), 60)
        await self.step("cancel_hang", self.cancel_hang(), 60)
        await self.step("after_cancel", self.hello(), 45)
        await self.memory("mem_end")

    async def sessions(self, a):
        self.s["each_ms"] = []
        for k in range(a.sessions):
            self.sid, ns = await self.p.new_session(60)
            self.s["each_ms"].append(ns / MS)
        await self.memory("mem_n")

    async def growth(self, a):
        await self.session()
        self.s["turns"] = []
        for k in range(a.turns):
            h, _, _ = await self.hello()
            self.s["turns"].append([round(h["whole_ms"], 3), round(h["pre_ms"], 3), h["bytes"]])
            if k == 0:
                self.s["cpu0"] = procs.cpu(self.p.pids())
        self.s["cpu1"] = procs.cpu(self.p.pids())
        await self.memory("mem_grown")


def version(cfg):
    """As the program says it, or as its package does."""
    if "version_of" not in cfg:
        return subprocess.run([cfg["command"][0], "--version"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20).stdout.strip()
    with open(cfg["version_of"]) as f:
        return json.load(f)["version"]


def busy():
    """CPU seconds the whole machine has been busy."""
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:9]]
    return (sum(v) - v[3] - v[4]) / procs.TICK


async def one(kind, cfg, cwd, log, a, limit):
    run, t0 = Run(cfg, cwd, log, a.work), time.time()
    ours = [os.getpid(), a.mock_pid]
    b0, own0 = busy(), procs.cpu(ours)
    try:
        await asyncio.wait_for(run.open(), 70)
        await asyncio.wait_for(getattr(run, kind)(a), limit)
    except Exception as e:
        run.errors[kind] = f"{type(e).__name__}: {e}"[:500]
        if a.debug:
            traceback.print_exc()
    finally:
        try:  # how much of the machine somebody else was using meanwhile
            own = procs.cpu(ours) - own0 + procs.cpu(run.p.pids())
            run.s["foreign_cpu"] = max(0.0, busy() - b0 - own) / ((time.time() - t0) * os.cpu_count())
        except Exception as e:
            run.errors["foreign_cpu"] = repr(e)
        try:
            await run.p.stop()
        except Exception as e:
            run.errors["stop"] = repr(e)
    run.s["stdout_noise"] = run.p.noise
    if run.p.odd:
        run.errors["odd_messages"] = run.p.odd[:3]
    print(f"{time.strftime('%H:%M:%S')} {kind:9} {cfg['name']:18} {time.time() - t0:6.1f} s  others {run.s.get('foreign_cpu', 0):4.0%}  {run.errors or ''}", flush=True)
    return {"t": t0, "samples": run.s, "errors": run.errors}


async def bench(a):
    os.makedirs(a.work, exist_ok=True)
    if a.nice:  # inherited by the mock and the peers
        os.setpriority(os.PRIO_PROCESS, 0, a.nice)
        acp_driver.boost(os.getpid())
    logpath = os.path.join(a.work, "mock.jsonl")
    open(logpath, "w").close()
    mock = await asyncio.create_subprocess_exec(sys.executable, os.path.join(HERE, "mock_llm.py"), "--log", logpath,
                                                stdout=asyncio.subprocess.PIPE)
    try:
        a.mock_pid = mock.pid
        port = int(await asyncio.wait_for(mock.stdout.readline(), 20))
        with open(a.config) as f:
            entries = json.load(f)["peers"]
        if a.peers:
            entries = [e for e in entries if e["name"] in a.peers.split(",")]
        log, peers, res = Log(logpath), [], {"machine": machine(), "peers": {}, "args": {k: v for k, v in vars(a).items() if isinstance(v, (int, float))}}
        for e in entries:
            cfg, cwd = acp_driver.prepare(e, os.path.abspath(a.peers_dir), os.path.abspath(a.work), port)
            if not os.path.exists(cfg["command"][0]):
                print("not installed:", e["name"])
                continue
            peers.append((cfg, cwd))
            res["peers"][e["name"]] = {"version": version(cfg), "disk": procs.du(cfg.get("size", [])),
                                       "whole": [], "sessions": [], "growth": []}

        def save():
            with open(a.out, "w") as f:
                json.dump(res, f, indent=1)

        if a.warmup:  # first starts write state into HOME and fill the page cache; not counted
            for cfg, cwd in peers:
                await one("sessions", cfg, cwd, log, argparse.Namespace(**{**vars(a), "sessions": 1}), 60)
        for kind, reps, limit in (("whole", a.reps, 420), ("sessions", a.session_reps, 150), ("growth", a.growth_reps, 240)):
            for rep in range(reps):
                for k in range(len(peers)):
                    cfg, cwd = peers[(k + rep * 5) % len(peers)]
                    res["peers"][cfg["name"]][kind].append(await one(kind, cfg, cwd, log, a, limit))
                    save()
        save()
    finally:
        mock.kill()
        await mock.wait()


def machine():
    cpu = re.search(r"model name\s*:\s*(.*)", open("/proc/cpuinfo").read())
    mem = re.search(r"MemTotal:\s*(\d+)", open("/proc/meminfo").read())
    return {"cpu": cpu.group(1) if cpu else "", "cores": os.cpu_count(), "mem_kb": int(mem.group(1)),
            "kernel": os.uname().release, "python": sys.version.split()[0]}


def isolate():
    """Start over inside a network namespace with only loopback up."""
    if os.environ.get("BENCH_ISOLATED"):
        return
    flag = "-n" if os.geteuid() == 0 else "-rn"
    os.environ["BENCH_ISOLATED"] = "1"
    os.execvp("unshare", ["unshare", flag, "sh", "-c", 'ip link set lo up && exec "$@"', "sh", sys.executable] + sys.argv)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--config", default=os.path.join(HERE, "peers.json"))
    ap.add_argument("--peers-dir", required=True)
    ap.add_argument("--work", required=True, help="throwaway homes, projects and logs; outside any repository")
    ap.add_argument("--out", required=True)
    ap.add_argument("--peers", help="only these, comma-separated")
    ap.add_argument("--reps", type=int, default=5)
    ap.add_argument("--session-reps", type=int, default=2)
    ap.add_argument("--growth-reps", type=int, default=1)
    ap.add_argument("--warm", type=int, default=5, help="warm short turns per run")
    ap.add_argument("--deltas", type=int, default=5000)
    ap.add_argument("--calls", type=int, default=50)
    ap.add_argument("--sessions", type=int, default=20)
    ap.add_argument("--turns", type=int, default=200)
    ap.add_argument("--no-warmup", dest="warmup", action="store_false")
    ap.add_argument("--nice", type=int, default=0, help="negative (as root) to be heard on a busy machine")
    ap.add_argument("--open-network", action="store_true")
    ap.add_argument("--debug", action="store_true")
    args = ap.parse_args()
    args.work = os.path.abspath(args.work)
    if not args.open_network:
        isolate()
    asyncio.run(bench(args))
