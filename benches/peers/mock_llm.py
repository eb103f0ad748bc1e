#!/usr/bin/env python3
"""A scripted model on loopback: OpenAI's Chat Completions, streaming and not.

A scenario is chosen by the last marker in the user's messages:

    [[scenario:NAME id=ID key=value ...]]

  hello   a short text, pause ms after its first delta         (words= pause=)
  stream  n small deltas as fast as the socket takes them      (n= size=)
  tools   n sequential tool calls that read a file, then text  (n= path=)
          NNN in path becomes the step's number modulo 20
  edit    one tool call that creates or edits a file, then text (path=)
  slow    one delta each gap ms for secs seconds               (gap= secs=)
  hang    the request is accepted and never answered

A request that declares no tools is a side request (a title, a summary, a
routing question): it gets a short harmless answer, or a minimal instance of
the JSON schema it asks for. Every request gives one line in the JSONL log.
Times are CLOCK_MONOTONIC nanoseconds, comparable across processes:
  t_req    the request's head has been read     t_body  ... its body, too
  t_first  just before the first delta is written
  t_last   after the last delta has been handed to the socket
  t_end    just before the closing events are written
  t_close  the peer closed the connection before the end
"""
import argparse
import asyncio
import json
import re
import time

MARK = re.compile(r"\[\[scenario:(\w+)((?:\s+\w+=[^\s\]]+)*)\s*\]\]")
now = time.monotonic_ns
MODELS = ["mock-model"]


def sse(data):
    return ("data: " + json.dumps(data, separators=(",", ":")) + "\n\n").encode()


class Chat:
    """Writes one answer: start, text and tool give the bytes of a delta, finish the end of the stream."""

    def __init__(self, model, rid):
        self.model, self.rid = model, rid
        self.full, self.calls = [], []

    def chunk(self, delta, finish=None, **extra):
        return sse({"id": self.rid, "object": "chat.completion.chunk", "created": 1, "model": self.model,
                    "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **extra})

    def start(self):
        return self.chunk({"role": "assistant", "content": ""})

    def text(self, s):
        return self.chunk({"content": s})

    def tool(self, t, args):
        self.calls.append((t, args))
        return self.chunk({"tool_calls": [{"index": len(self.calls) - 1, "id": f"call_{self.rid}_{len(self.calls)}",
                                           "type": "function",
                                           "function": {"name": t["name"], "arguments": json.dumps(args)}}]})

    def finish(self):
        usage = {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}
        last = sse({"id": self.rid, "object": "chat.completion.chunk", "created": 1, "model": self.model,
                    "choices": [], "usage": usage})
        return self.chunk({}, "tool_calls" if self.calls else "stop") + last + b"data: [DONE]\n\n"

    def whole(self):
        msg = {"role": "assistant", "content": "".join(self.full) or None}
        if self.calls:
            msg["tool_calls"] = [{"id": f"call_{self.rid}_{i}", "type": "function", "function": {
                "name": t["name"], "arguments": json.dumps(a)}} for i, (t, a) in enumerate(self.calls)]
        return {"id": self.rid, "object": "chat.completion", "created": 1, "model": self.model,
                "choices": [{"index": 0, "message": msg, "finish_reason": "tool_calls" if self.calls else "stop"}],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 10, "total_tokens": 1010}}

    @staticmethod
    def read(b):
        texts = [t for m in b.get("messages", []) if m.get("role") == "user" for t in texts_of(m.get("content"))]
        tools = [{"name": t["function"]["name"], "schema": t["function"].get("parameters") or {}}
                 for t in b.get("tools") or [] if t.get("type") == "function"]
        schema = ((b.get("response_format") or {}).get("json_schema") or {}).get("schema")
        return texts, tools, schema


def texts_of(content):
    if isinstance(content, str):
        return [content]
    return [p["text"] for p in content or [] if isinstance(p, dict) and isinstance(p.get("text"), str)]


# ---------------------------------------------------------- choosing tools
READ = re.compile(r"^(read|read_?file|view)$", re.I)
WRITE = re.compile(r"^(write|write_?file|create|create_file)$", re.I)
EDIT = re.compile(r"^(edit|edit_?file|replace)$", re.I)
SHELL = re.compile(r"^(bash|shell|run_command|execute)$", re.I)
PATHKEY = re.compile(r"^(absolute_?path|file_?path|path|file)$", re.I)


def pick(tools, *patterns):
    for pat in patterns:
        for t in tools:
            if pat.match(t["name"]):
                return t
    return None


def kind_of(s):
    k = s.get("type")
    if isinstance(k, list):
        k = next((x for x in k if x != "null"), None)
    if k is None:
        for alt in s.get("anyOf") or s.get("oneOf") or []:
            if alt.get("type") not in (None, "null"):
                return kind_of(alt)
        k = "string"
    return k.lower()


def instance(s, number=1):
    """A minimal value that fits a JSON schema."""
    if "enum" in s:
        return s["enum"][0]
    if "const" in s:
        return s["const"]
    k = kind_of(s)
    if k == "object":
        props = s.get("properties") or {}
        return {p: instance(props.get(p) or {}, number) for p in s.get("required") or list(props)}
    return {"array": [], "boolean": False, "integer": number, "number": number, "null": None}.get(k, "mock")


def fill(t, path, command, content="hello\n"):
    """Arguments for a read, write, edit or shell tool, from its schema."""
    props, args = t["schema"].get("properties") or {}, {}
    required = t["schema"].get("required") or []
    for p, s in props.items():
        if PATHKEY.match(p) and kind_of(s) == "string":
            args[p] = path
        elif p in ("command", "cmd", "script"):
            args[p] = ["bash", "-lc", command] if kind_of(s) == "array" else command
        elif p in ("content", "contents", "file_text", "new_string", "newString"):
            args[p] = content
        elif p in ("old_string", "oldString"):
            args[p] = ""
        elif p in required:
            args[p] = instance(s)
    return args


# ------------------------------------------------------------------ server
async def hangup(r):
    """Wait until the peer closes or resets the connection."""
    try:
        await r.read(1)
    except ConnectionError:
        pass


class Mock:
    def __init__(self, log):
        self.log = open(log, "a", buffering=1)
        self.steps, self.n = {}, 0

    def write_log(self, rec):
        self.log.write(json.dumps(rec) + "\n")

    async def client(self, r, w):
        try:
            while await self.request(r, w):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            w.close()

    async def request(self, r, w):
        head = await r.readuntil(b"\r\n\r\n")
        t_req = now()
        lines = head.decode("latin1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        h = {k.lower(): v.strip() for k, v in (x.split(":", 1) for x in lines[1:] if ":" in x)}
        if "100-continue" in h.get("expect", ""):
            w.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in h.get("transfer-encoding", ""):
            body = b""
            while size := int((await r.readline()).split(b";")[0], 16):
                body += await r.readexactly(size)
                await r.readexactly(2)
            await r.readline()
        else:
            body = await r.readexactly(int(h.get("content-length", 0)))
        self.n += 1
        rec = {"n": self.n, "t_req": t_req, "t_body": now(), "method": method, "path": target, "bytes": len(body)}
        path = target.split("?")[0]
        if method != "POST" or not path.endswith("/chat/completions"):
            await self.plain(w, rec, path)
            return True
        try:
            b = json.loads(body)
        except ValueError:
            b = {}
        if self.dump:
            with open(f"{self.dump}/{self.n}.json", "w") as f:
                json.dump(b, f, indent=1)
        return await self.answer(r, w, rec, b)

    async def plain(self, w, rec, path):
        out, status = {}, "200 OK"
        if path.endswith("/models"):
            out = {"object": "list", "data": [{"id": m, "object": "model", "created": 1, "owned_by": "mock"} for m in MODELS]}
        else:
            status = "404 Not Found"
        rec["kind"], rec["status"] = "plain", status
        data = json.dumps(out).encode()
        w.write(f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n".encode() + data)
        await w.drain()
        self.write_log(rec)

    async def answer(self, r, w, rec, b):
        texts, tools, schema = Chat.read(b)
        d = Chat(b.get("model"), str(self.n))
        streamed = bool(b.get("stream"))
        marks = [m for t in texts for m in MARK.finditer(t)]
        opt = dict(kv.split("=", 1) for kv in marks[-1].group(2).split()) if marks else {}
        name, ident = (marks[-1].group(1), opt.get("id", "")) if marks else ("none", "")
        side = not tools
        step = self.steps.get(ident, 0)
        if not side:
            self.steps[ident] = step + 1
        rec.update(kind="side" if side else "main", scenario=name, id=ident, step=step, model=d.model,
                   stream=streamed, tools=len(tools), tool_names=[t["name"] for t in tools] if step == 0 else None)
        tool = None
        if side and schema:
            plan = [json.dumps(instance(schema, 0))]  # 0: no confidence in whatever is asked
        elif side or name == "none":
            plan = ["Mock title"]
        elif name == "tools" and step < int(opt.get("n", 1)):
            plan, tool = [], pick(tools, READ, SHELL)
        elif name == "edit" and step == 0:
            plan, tool = [], pick(tools, WRITE, EDIT, SHELL)
        elif name == "stream" and step == 0:
            size = int(opt.get("size", 7))
            plan = [("w%05d" % i)[:size].ljust(size - 1, "x") + " " for i in range(int(opt.get("n", 5000)))]
        elif name == "slow" and step == 0:
            plan = [f"tick{i} " for i in range(int(float(opt.get("secs", 60)) * 1000 / float(opt.get("gap", 50))))]
        else:
            plan = [f"word{i} " for i in range(int(opt.get("words", 8)))] if step == 0 else ["Done."]
        if not side and name in ("tools", "edit") and not plan and tool is None:
            plan, rec["no_tool"] = ["No usable tool."], True
        if tool:
            p = opt.get("path", "/nonexistent").replace("NNN", str(step % 20))
            args = fill(tool, p, f"cat {p}" if name == "tools" else f"echo hello > {p}")
            rec["tool"], rec["args"] = tool["name"], args
        if name == "hang" and not side:
            self.write_log({**rec, "event": "open"})
            await hangup(r)
            rec["t_close"] = now()
            self.write_log(rec)
            return False
        if not streamed:
            for s in plan:
                d.remember(s)
            if tool:
                d.calls.append((tool, args))
            data = json.dumps(d.whole()).encode()
            rec["t_first"] = rec["t_last"] = rec["t_end"] = now()
            w.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(data) + data)
            await w.drain()
            self.write_log(rec)
            return True
        return await self.stream(r, w, rec, d, plan, tool, args if tool else None,
                                 float(opt.get("gap", 50)) / 1000 if name == "slow" else 0,
                                 float(opt.get("pause", 0)) / 1000)

    async def stream(self, r, w, rec, d, plan, tool, args, gap, pause):
        def chunk(data):
            return b"%x\r\n%s\r\n" % (len(data), data)

        w.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
                b"x-request-id: mock\r\ntransfer-encoding: chunked\r\n\r\n")
        if head := d.start():
            w.write(chunk(head))
        chunks = [chunk(d.text(s)) for s in plan]
        if tool:
            chunks.append(chunk(d.tool(tool, args)))
        end = chunk(d.finish()) + b"0\r\n\r\n"
        await w.drain()
        gone = asyncio.ensure_future(hangup(r)) if gap else None
        rec["t_first"] = now()
        try:
            for i, c in enumerate(chunks):
                if gap:
                    await asyncio.wait([gone], timeout=gap)
                    if gone.done():
                        raise ConnectionResetError
                w.write(c)
                await w.drain()
                if i == 0 and pause:
                    await asyncio.sleep(pause)
                elif i % 64 == 63:
                    await asyncio.sleep(0)  # let a disconnect be noticed
            rec["t_last"] = rec["t_end"] = now()
            w.write(end)
            self.write_log(rec)
            await w.drain()
            if gone:
                return False
            return True
        except ConnectionError:
            rec["t_close"] = now()
            self.write_log(rec)
            return False


async def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--log", required=True)
    ap.add_argument("--dump", help="a folder for the request bodies (debugging)")
    a = ap.parse_args()
    mock = Mock(a.log)
    mock.dump = a.dump
    server = await asyncio.start_server(mock.client, "127.0.0.1", a.port, limit=1 << 22)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
