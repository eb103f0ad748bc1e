#!/usr/bin/env python3
"""A measuring client for coding agents that speak ACP v1 on stdio.

Every time is CLOCK_MONOTONIC nanoseconds, taken when a line has been read or
just before one is written. Run alone it does one prompt and prints what
happened:

    acp_driver.py --peers-dir DIR --peer NAME --port MOCKPORT [--prompt TEXT]
"""
import argparse
import asyncio
import json
import os
import re
import sys
import time
import traceback

import procs

now = time.monotonic_ns


class RpcError(Exception):
    pass


def boost(pid):
    """A new session is a new autogroup, where nice counts only inside; give the group our own nice value."""
    n = os.nice(0)
    if n:
        try:
            with open(f"/proc/{pid}/autogroup", "w") as f:
                f.write(str(n))
        except OSError:
            pass


class Turn:
    """What the client saw between one prompt and its stop."""

    def __init__(self):
        self.t_send = now()
        self.t_first_text = self.t_last_text = self.t_stop = None
        self.updates = self.text_updates = self.text_chars = self.bytes = 0
        self.kinds, self.calls, self.perms, self.texts = {}, {}, [], []
        self.stop = None

    def text(self, t, s):
        if not s:
            return
        if self.t_first_text is None:
            self.t_first_text = t
        self.t_last_text = t
        if self.text_updates < 64:
            self.texts.append((t, s))
        self.text_updates += 1
        self.text_chars += len(s)


class Peer:
    """One agent process. cfg is an entry of peers.json, already expanded."""

    def __init__(self, cfg, cwd, tag, stderr_path, trace=None):
        self.cfg, self.cwd, self.tag, self.stderr_path, self.trace = cfg, cwd, tag, stderr_path, trace
        self.pending, self.next_id, self.turns, self.terms = {}, 0, {}, {}
        self.noise, self.odd = 0, []
        self.init = self.proc = None
        self.closed = False
        self.first_text = asyncio.Event()

    async def start(self):
        env = {"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1", "CI": "",
               "NO_PROXY": "127.0.0.1,localhost", procs.TAG: self.tag, **self.cfg["env"]}
        env = {k: v for k, v in env.items() if v != ""}
        self.err = open(self.stderr_path, "ab")
        self.t_spawn = now()
        self.proc = await asyncio.create_subprocess_exec(
            *self.cfg["command"], cwd=self.cwd, env=env, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=self.err, limit=1 << 26, start_new_session=True)
        boost(self.proc.pid)
        self.reader = asyncio.create_task(self.read())

    def pids(self):
        return procs.tree(self.proc.pid, self.tag)

    async def stop(self):
        """End the process: close stdin, wait a little, then kill what is left by pid."""
        self.closed = True
        try:
            self.proc.stdin.close()
        except Exception:
            pass
        try:
            await asyncio.wait_for(self.proc.wait(), 1.0)
        except (asyncio.TimeoutError, ProcessLookupError):
            pass
        procs.kill(self.proc.pid, self.tag)
        await self.proc.wait()
        self.reader.cancel()
        self.err.close()

    # ------------------------------------------------------------- wire
    def write(self, msg):
        if self.trace:
            self.trace(">", msg)
        self.proc.stdin.write(json.dumps(msg, separators=(",", ":")).encode() + b"\n")

    async def read(self):
        out, rest = self.proc.stdout, b""
        while data := await out.read(1 << 18):
            t = now()  # when the bytes were there, not when each line got parsed
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if not line:
                    continue
                try:
                    self.received(t, line)
                except Exception:  # a message of an odd shape must not end the reader
                    self.odd.append(line[:300].decode("utf8", "replace") + " | " + traceback.format_exc(limit=-1)[-200:])
        for f in self.pending.values():
            if not f.done():
                f.set_exception(RpcError(f"the process closed its stdout (exit status {self.proc.returncode})"))

    def received(self, t, line):
        try:
            msg = json.loads(line)
        except ValueError:
            self.noise += 1  # not a protocol message on stdout
            return
        if self.trace:
            self.trace("<", msg)
        if "method" in msg:
            if "id" in msg:
                asyncio.create_task(self.serve(t, msg))
            else:
                self.notified(t, msg["method"], msg.get("params") or {}, len(line))
        elif (f := self.pending.pop(msg.get("id"), None)) and not f.done():
            f.set_result((t, msg))

    def send(self, method, params):
        """Write a request; gives (time before the write, future of (time, message))."""
        self.next_id += 1
        f = asyncio.get_running_loop().create_future()
        self.pending[self.next_id] = f
        t = now()
        self.write({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params})
        return t, f

    async def call(self, method, params, timeout=60):
        t0, f = self.send(method, params)
        t1, msg = await asyncio.wait_for(f, timeout)
        if "error" in msg:
            raise RpcError(f"{method}: {json.dumps(msg['error'])[:600]}")
        return t0, t1, msg.get("result")

    def notify(self, method, params=None):
        self.write({"jsonrpc": "2.0", "method": method, **({"params": params} if params is not None else {})})

    # ------------------------------------------------------- client side
    def turn_of(self, params):
        return self.turns.get(params.get("sessionId"))

    def notified(self, t, method, p, size):
        turn = self.turn_of(p)
        if method != "session/update" or turn is None or turn.t_stop:
            return
        u = p.get("update") or {}
        kind = u.get("sessionUpdate")
        turn.updates += 1
        turn.bytes += size
        turn.kinds[kind] = turn.kinds.get(kind, 0) + 1
        if kind == "agent_message_chunk":
            turn.text(t, (u.get("content") or {}).get("text"))
            self.first_text.set()

    async def serve(self, t, msg):
        m, p = msg["method"], msg.get("params") or {}
        turn = self.turn_of(p)
        if turn:
            turn.calls[m] = turn.calls.get(m, 0) + 1
        try:
            result = await self.answer(m, p)
            self.write({"jsonrpc": "2.0", "id": msg["id"], "result": result})
        except KeyError:
            self.write({"jsonrpc": "2.0", "id": msg["id"], "error": {"code": -32601, "message": "Method not found: " + m}})
        except FileNotFoundError as e:
            self.write({"jsonrpc": "2.0", "id": msg["id"], "error": {"code": -32002, "message": "Resource not found: " + str(e)}})
        except OSError as e:
            self.write({"jsonrpc": "2.0", "id": msg["id"], "error": {"code": -32603, "message": str(e)}})
        if turn and m == "session/request_permission":
            turn.perms.append((t, now()))

    async def answer(self, m, p):
        if m == "session/request_permission":
            opts = p.get("options") or []
            best = next((o for k in ("allow_once", "allow_always") for o in opts if o.get("kind") == k), opts[0])
            return {"outcome": {"outcome": "selected", "optionId": best["optionId"]}}
        if m == "fs/read_text_file":
            with open(p["path"]) as f:
                s = f.read()
            if p.get("line") or p.get("limit"):
                lines = s.splitlines(True)[max(0, (p.get("line") or 1) - 1):]
                s = "".join(lines[:p["limit"]] if p.get("limit") else lines)
            return {"content": s}
        if m == "fs/write_text_file":
            os.makedirs(os.path.dirname(p["path"]), exist_ok=True)
            with open(p["path"], "w") as f:
                f.write(p["content"])
            return {}
        if m == "terminal/create":
            env = {**os.environ, procs.TAG: self.tag, **{e["name"]: e["value"] for e in p.get("env") or []}}
            kw = dict(cwd=p.get("cwd") or self.cwd, env=env, stdin=asyncio.subprocess.DEVNULL,
                      stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
            if p.get("args"):
                pr = await asyncio.create_subprocess_exec(p["command"], *p["args"], **kw)
            else:
                pr = await asyncio.create_subprocess_shell(p["command"], **kw)
            tid = f"term{len(self.terms)}"
            self.terms[tid] = [pr, b"", asyncio.create_task(self.drain(tid, pr))]
            return {"terminalId": tid}
        if m.startswith("terminal/"):
            pr, _, task = self.terms[p["terminalId"]]
            if m == "terminal/wait_for_exit":
                await task
                return self.status(pr)
            if m == "terminal/output":
                return {"output": self.terms[p["terminalId"]][1].decode("utf8", "replace"), "truncated": False,
                        "exitStatus": self.status(pr) if pr.returncode is not None else None}
            if m in ("terminal/kill", "terminal/release"):
                if pr.returncode is None:
                    pr.kill()
                return {}
        raise KeyError(m)

    async def drain(self, tid, pr):
        while b := await pr.stdout.read(65536):
            self.terms[tid][1] += b
        await pr.wait()

    @staticmethod
    def status(pr):
        rc = pr.returncode
        return {"exitCode": rc if rc >= 0 else None, "signal": str(-rc) if rc < 0 else None}

    # ------------------------------------------------------- agent calls
    async def initialize(self, timeout=60):
        _, t, r = await self.call("initialize", {
            "protocolVersion": 1, "clientInfo": {"name": "bench", "title": "Bench", "version": "1.0.0"},
            "clientCapabilities": {"fs": {"readTextFile": True, "writeTextFile": True}, "terminal": True}}, timeout)
        self.init = r
        return t - self.t_spawn

    async def new_session(self, timeout=60):
        t0, t1, r = await self.call("session/new", {"cwd": self.cwd, "mcpServers": []}, timeout)
        return r["sessionId"], t1 - t0

    def begin(self, sid, text):
        """Send a prompt; gives the turn and the future of its stop response."""
        turn = self.turns[sid] = Turn()
        self.first_text.clear()
        turn.t_send, f = self.send("session/prompt", {"sessionId": sid, "prompt": [{"type": "text", "text": text}]})
        return turn, f

    async def finish(self, turn, f, timeout):
        t, msg = await asyncio.wait_for(f, timeout)
        turn.t_stop = t
        turn.stop = msg["result"].get("stopReason") if "result" in msg else "error: " + json.dumps(msg["error"])[:400]
        return turn

    async def prompt(self, sid, text, timeout=60):
        turn, f = self.begin(sid, text)
        return await self.finish(turn, f, timeout)

    def cancel(self, sid):
        t = now()
        self.notify("session/cancel", {"sessionId": sid})
        return t


def expand(cfg, values):
    """Fill ${NAME} in every string of a peers.json entry."""
    if isinstance(cfg, str):
        return re.sub(r"\$\{(\w+)\}", lambda m: str(values[m.group(1)]), cfg)
    if isinstance(cfg, list):
        return [expand(x, values) for x in cfg]
    if isinstance(cfg, dict):
        return {k: expand(v, values) for k, v in cfg.items()}
    return cfg


def prepare(cfg, peers_dir, work, port):
    """Expand an entry, make its throwaway HOME with its config files, and a small git project."""
    home = os.path.join(work, "home", cfg["name"])
    cwd = os.path.join(work, "project", cfg["name"])
    os.makedirs(home, exist_ok=True)
    if not os.path.isdir(cwd):
        os.makedirs(cwd)
        for i in range(20):
            with open(os.path.join(cwd, f"f{i}.txt"), "w") as f:
                f.write("".join(f"line {j} of file {i}\n" for j in range(20)))
        os.system(f"cd '{cwd}' && git init -q -b main . && git add -A && "
                  "git -c user.name=b -c user.email=b@localhost commit -qm init")
    cfg = expand(cfg, {"PEERS": peers_dir, "HOME": home, "CWD": cwd, "PORT": port,
                       "PATH": os.environ.get("PATH", "")})
    env = {"HOME": home, "XDG_CONFIG_HOME": home + "/.config", "XDG_DATA_HOME": home + "/.local/share",
           "XDG_CACHE_HOME": home + "/.cache", "XDG_STATE_HOME": home + "/.local/state",
           "TMPDIR": os.path.join(work, "tmp")}
    os.makedirs(env["TMPDIR"], exist_ok=True)
    cfg["env"] = {**env, **cfg.get("env", {})}
    for path, content in (cfg.get("files") or {}).items():
        full = os.path.join(home, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(content if isinstance(content, str) else json.dumps(content, indent=1))
    return cfg, cwd


def make(cfg, cwd, tag, work, trace=None):
    return Peer(cfg, cwd, tag, os.path.join(work, f"stderr-{cfg['name']}.log"), trace)


async def one(a):
    with open(a.config) as f:
        entry = next(p for p in json.load(f)["peers"] if p["name"] == a.peer)
    cfg, cwd = prepare(entry, os.path.abspath(a.peers_dir), os.path.abspath(a.work), a.port)
    width = a.width

    def trace(way, msg):
        print(f"{now() / 1e9:.4f} {way} {json.dumps(msg)[:width]}", file=sys.stderr)

    p = make(cfg, cwd, f"one-{os.getpid()}", a.work, trace if a.verbose else None)
    await p.start()
    try:
        print("initialize ms", (await p.initialize(a.timeout)) / 1e6)
        sid, ns = await p.new_session(a.timeout)
        print("session/new ms", ns / 1e6)
        for text in a.prompt:
            t = await p.prompt(sid, text.replace("{cwd}", cwd), a.timeout)
            print("stop", t.stop, "ms", (t.t_stop - t.t_send) / 1e6, "updates", t.updates, t.kinds, "chars",
                  t.text_chars, "calls", t.calls, "perms", len(t.perms))
        print("memory", procs.memory(p.pids()), "stdout noise lines", p.noise)
    finally:
        await p.stop()


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--config", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "peers.json"))
    ap.add_argument("--peers-dir", required=True)
    ap.add_argument("--work", required=True)
    ap.add_argument("--peer", required=True)
    ap.add_argument("--port", type=int, required=True)
    ap.add_argument("--prompt", action="append", default=[])
    ap.add_argument("--timeout", type=float, default=60)
    ap.add_argument("--width", type=int, default=300)
    ap.add_argument("-v", "--verbose", action="store_true")
    asyncio.run(one(ap.parse_args()))
