"""A small language server that stands beside Quillon in one editor: it answers hover and formatting, and nothing else.

usage: second_server.py      (LSP on standard input and output)
"""
import json
import sys

HOVER = "hover of the second server"
FORMATTED = "formatted by the second server\n"


def read():
    """The next message; none at the end of the input."""
    length = None
    while True:
        line = sys.stdin.buffer.readline()
        if not line:
            return None
        name, _, value = line.decode("ascii").strip().partition(":")
        if name.lower() == "content-length":
            length = int(value)
        elif not name:
            return json.loads(sys.stdin.buffer.read(length))


def write(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    sys.stdout.buffer.flush()


def answer(method):
    if method == "initialize":
        abilities = {"hoverProvider": True, "documentFormattingProvider": True, "textDocumentSync": 1}
        return {"capabilities": abilities, "serverInfo": {"name": "second"}}
    if method == "textDocument/hover":
        return {"contents": {"kind": "plaintext", "value": HOVER}}
    if method == "textDocument/formatting":
        start, end = {"line": 0, "character": 0}, {"line": 1, "character": 0}
        return [{"range": {"start": start, "end": end}, "newText": FORMATTED}]
    return None


def main():
    while (message := read()) is not None:
        if message.get("method") == "exit":
            return
        if "id" in message and "method" in message:
            write({"id": message["id"], "result": answer(message["method"])})


main()
