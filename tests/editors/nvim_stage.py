"""A stage for tests of the Neovim plugin: the real Neovim on a screen, and the real `quillon lsp`, which plays scripts.

Whoever calls `main` is a program of this usage: PROGRAM TARGET [QUILLON] [CHECK]...
    TARGET: the folder of install-neovim.sh; QUILLON: the program, else it is built here; CHECK: only these
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import pynvim

from tmux_driver import POLL_SECONDS, WAIT_SECONDS, Tmux

HERE = pathlib.Path(__file__).resolve().parent
PLUGIN = HERE.parent.parent / "editors/nvim"
TARGET = pathlib.Path(sys.argv[1])
CHECK_SECONDS = 90  # a Neovim that waits for a key answers nobody

INIT = """
vim.opt.runtimepath:prepend(%(plugin)s)
vim.opt.swapfile = false
vim.opt.statusline = "%%t [%%{v:lua.require'quillon'.status()}]"
vim.opt.laststatus = 3
vim.lsp.config('quillon', { cmd = { %(quillon)s, 'lsp', '--model', 'script:' .. %(script)s, unpack(%(further)s) } })
vim.lsp.config('second', { cmd = { %(python)s, %(second)s }, filetypes = { 'text' } })
vim.lsp.enable('second')
"""


def lua(value):
    """A text as Lua reads it, or a list of texts."""
    if isinstance(value, list):
        return "{" + ", ".join(map(lua, value)) + "}"
    return json.dumps(str(value))


class Stage:
    """A project with two files and further ones, a script for the model, and Neovim on its screen with the first file open."""

    def __init__(self, folder, script, further=(), files=None):
        self.folder = folder
        self.project = folder / "project"
        (self.project / ".git").mkdir(parents=True)
        self.file, self.other = self.project / "a.txt", self.project / "b.txt"
        self.file.write_text("one\nsecond\nthird\nfourth\nfifth\n")
        self.other.write_text("old\n")
        for name, content in (files or {}).items():
            (self.project / name).write_bytes(content)
        (folder / "script").write_text(script)
        names = {"plugin": PLUGIN, "quillon": QUILLON, "script": folder / "script", "python": sys.executable}
        values = {**names, "second": HERE / "second_server.py", "further": list(further)}
        init = folder / "init.lua"
        init.write_text(INIT % {name: lua(value) for name, value in values.items()})
        below = {"XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
        env = {**{name: str(folder / value) for name, value in below.items()}, "NVIM_LOG_FILE": str(folder / "nvim.log")}
        command = [str(TARGET / "bin/nvim"), "--listen", str(folder / "socket"), "-u", str(init), "-n", "a.txt"]
        self.terminal = Tmux(command, cwd=str(self.project), env=env, width=150)
        self.terminal.wait("a.txt [")
        self.nvim = pynvim.attach("socket", path=str(folder / "socket"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminal.close()  # first: closing the socket waits for a Neovim that may not answer
        self.nvim.close()

    def go(self):
        """Lets the script go on that waits for this file."""
        (self.folder / "go").touch()

    def command(self, text):
        self.terminal.type(":" + text)
        self.terminal.keys("Enter")

    def wait(self, what):
        return self.terminal.wait(what)

    def lua(self, code, *args):
        return self.nvim.exec_lua(code, *args)

    def until(self, what, code, *args):
        """Until this Lua code gives a true value, which is returned."""
        end = time.monotonic() + WAIT_SECONDS
        while not (found := self.lua(code, *args)):
            if time.monotonic() > end:
                told = self.lua("return vim.fn.execute('messages')")
                raise TimeoutError("never %s; the screen:\n%s\nthe messages:%s" % (what, self.terminal.screen(), told))
            time.sleep(POLL_SECONDS)
        return found

    def lines(self, file=None):
        return self.lua("return vim.api.nvim_buf_get_lines(vim.fn.bufnr(...), 0, -1, true)", str(file or self.file))

    def until_lines(self, lines, file=None):
        code = "local n, l = ... return vim.deep_equal(vim.api.nvim_buf_get_lines(vim.fn.bufnr(n), 0, -1, true), l)"
        self.until("%r, but %r" % (lines, self.lines(file)), code, str(file or self.file), lines)

    def chat(self):
        return "\n".join(self.lua("return vim.api.nvim_buf_get_lines(vim.fn.bufnr('^quillon://'), 0, -1, true)"))

    def status(self, word):
        self.until("status %r" % word, "return require('quillon').status() == ...", word)

    def answer(self, key):
        """Presses the key until it counts: those of the first moment are passed over."""
        end = time.monotonic() + WAIT_SECONDS
        while "Quillon asks" in self.terminal.screen():
            if time.monotonic() > end:
                raise TimeoutError("%r answers nothing:\n%s" % (key, self.terminal.screen()))
            self.terminal.keys(key)

    def to_the_file(self):
        self.terminal.keys("C-w", "h")
        self.until("in the file", "return vim.fn.expand('%:t') == 'a.txt'")

    def daemon(self):
        code = """local client = vim.lsp.get_clients({ name = 'quillon' })[1]
            local told = client and client:request_sync('agent/status', vim.empty_dict(), 5000)
            return told and told.result and told.result.processId or 0"""
        return self.lua(code)


EDIT = 'call edit {"file_path":"a.txt","old_string":"%s","new_string":"%s"}\n'


def late(*_):
    raise TimeoutError("not done in %d seconds" % CHECK_SECONDS)


def built():
    root = HERE.parent.parent
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--bin", "quillon"], cwd=root, check=True)
    told = subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=root, check=True, capture_output=True)
    return pathlib.Path(json.loads(told.stdout)["target_directory"]) / "debug/quillon"


def main(checks):
    signal.signal(signal.SIGALRM, late)
    failed, ran = 0, [check for check in checks if not sys.argv[3:] or check.__name__ in sys.argv[3:]]
    for check in ran:
        with tempfile.TemporaryDirectory(prefix="quillon-nvim-") as name:
            signal.alarm(CHECK_SECONDS)
            try:
                check(pathlib.Path(name))
                print("ok      %s" % check.__name__, flush=True)
            except Exception as error:
                failed += 1
                signal.alarm(0)
                print("FAILED  %s: %s: %s" % (check.__name__, type(error).__name__, error), flush=True)
    print("%d passed, %d failed" % (len(ran) - failed, failed))
    sys.exit(1 if failed else 0)


QUILLON = pathlib.Path(sys.argv[2]).resolve() if sys.argv[2:] else built()
