"""Drives the real Neovim with the plugin of editors/nvim and the real `quillon lsp`, which plays scripts in place of a model.

usage: nvim_screen.py TARGET [QUILLON] [CHECK]...
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
    """A project with two files, a script for the model, and Neovim on its screen with the first file open."""

    def __init__(self, folder, script, further=()):
        self.folder = folder
        self.project = folder / "project"
        (self.project / ".git").mkdir(parents=True)
        self.file, self.other = self.project / "a.txt", self.project / "b.txt"
        self.file.write_text("one\nsecond\nthird\nfourth\nfifth\n")
        self.other.write_text("old\n")
        (folder / "script").write_text(script)
        names = {"plugin": PLUGIN, "quillon": QUILLON, "script": folder / "script", "python": sys.executable}
        values = {**names, "second": HERE / "second_server.py", "further": list(further)}
        init = folder / "init.lua"
        init.write_text(INIT % {name: lua(value) for name, value in values.items()})
        below = {"XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
        env = {**{name: str(folder / value) for name, value in below.items()}, "NVIM_LOG_FILE": str(folder / "nvim.log")}
        command = [str(TARGET / "bin/nvim"), "--listen", str(folder / "socket"), "-u", str(init), "-n", "a.txt"]
        self.terminal = Tmux(command, cwd=str(self.project), env=env, width=150)
        self.terminal.wait("second")
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
                raise TimeoutError("never %s; the screen:\n%s" % (what, self.terminal.screen()))
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


def an_edit_is_asked_and_lands_in_the_buffer(folder):
    script = 'say The begin\nawait go\nsay " and the end."\n' + EDIT % ("one", "two") + "done\nsay All is done.\ndone\n"
    with Stage(folder, script) as stage:
        assert stage.lua("return #vim.lsp.get_clients({ name = 'quillon' })") == 0, "started without being asked"
        stage.terminal.type("jA mine")
        stage.terminal.keys("Escape")
        # A key that was typed before the question could be seen.
        stage.lua("""vim.api.nvim_create_autocmd('User', { pattern = 'QuillonStatus', callback = function()
            if require('quillon').status() == 'waiting' then vim.api.nvim_input('o:let g:typed = 1<CR>') end end })""")
        stage.command("Quillon make it two")
        screen = stage.wait("The begin")
        assert "the end" not in screen and "make it two" in screen and "[running]" in screen, screen
        stage.go()
        screen = stage.wait(lambda screen: "Quillon asks" in screen and "+two" in screen)
        assert "-one" in screen and "o  " in screen and "(+1 -1)" in screen, screen
        stage.until("typed", "return vim.g.typed == 1")
        assert stage.lines()[0] == "one" and "Quillon asks" in stage.terminal.screen(), "typed ahead, and taken for a yes"
        stage.answer("o")
        stage.wait("All is done.")
        stage.status("idle")
        assert stage.lines() == ["two", "second mine", "third", "fourth", "fifth"], stage.lines()
        assert "(done)" in stage.chat() and stage.chat().count("The begin and the end.") == 1, stage.chat()
        assert stage.file.read_text().startswith("one\nsecond\n"), "saved what the user had not saved"
        stage.to_the_file()
        assert stage.lua("return vim.bo.modified")
        stage.terminal.keys("u")
        stage.until_lines(["one", "second mine", "third", "fourth", "fifth"])
        stage.terminal.keys("u")
        stage.until_lines(["one", "second", "third", "fourth", "fifth"])


def a_clean_buffer_is_saved_and_an_undo_is_one_step_each(folder):
    script = EDIT % ("one", "two") + EDIT % ("second", "2nd") + "done\nsay All is done.\ndone\n"
    with Stage(folder, script, ["--mode", "edit"]) as stage:
        stage.command("Quillon both")
        stage.wait("All is done.")
        stage.until_lines(["two", "2nd", "third", "fourth", "fifth"])
        assert stage.file.read_text().startswith("two\n2nd\n") and not stage.lua("return vim.bo[vim.fn.bufnr('a.txt')].modified")
        stage.to_the_file()
        stage.terminal.keys("u")
        stage.until_lines(["two", "second", "third", "fourth", "fifth"])


def an_edit_while_the_user_types_is_a_step_of_its_own(folder):
    script = "say Soon.\nawait go\n" + EDIT % ("fifth", "5th") + "done\nsay All is done.\ndone\n"
    with Stage(folder, script, ["--mode", "edit"]) as stage:
        stage.command("Quillon the last line")
        stage.wait("Soon.")
        stage.to_the_file()
        stage.terminal.type("A abc")
        stage.until_lines(["one abc", "second", "third", "fourth", "fifth"])
        assert stage.daemon()  # a request, before which the editor tells what was typed
        stage.go()
        stage.until_lines(["one abc", "second", "third", "fourth", "5th"])
        stage.terminal.type(" def")
        stage.until_lines(["one abc def", "second", "third", "fourth", "5th"])
        stage.terminal.keys("Escape", "u")
        stage.until_lines(["one abc", "second", "third", "fourth", "5th"])
        stage.terminal.keys("u")
        stage.until_lines(["one abc", "second", "third", "fourth", "fifth"])
        stage.terminal.keys("u")
        stage.until_lines(["one", "second", "third", "fourth", "fifth"])


def a_no_with_a_reason_reaches_the_model(folder):
    script = EDIT % ("one", "two") + "done\nexpect use three instead\nsay As you wish.\ndone\n"
    with Stage(folder, script) as stage:
        stage.command("Quillon make it two")
        stage.wait("Quillon asks")
        stage.terminal.keys("q")
        stage.terminal.wait_gone("Quillon asks")
        stage.status("waiting")
        stage.terminal.keys("Enter")  # in the chat: the question comes back
        stage.wait("Quillon asks")
        end = time.monotonic() + WAIT_SECONDS
        while "because:" not in stage.terminal.screen() and time.monotonic() < end:
            stage.terminal.keys("N")
        stage.wait("because:")
        stage.lua("vim.api.nvim_input('<C-u>')")  # an N too many
        stage.terminal.type("use three instead")
        stage.terminal.keys("Enter")
        stage.wait("As you wish.")
        assert stage.lines()[0] == "one" and "(denied)" in stage.chat(), stage.chat()


def a_question_beside_the_users_typing_takes_no_focus(folder):
    command = json.dumps({"command": "printf 'new\\n' > b.txt # \u202egood"})
    with Stage(folder, "say Soon.\nawait go\ncall bash " + command + "\ndone\nsay All is done.\ndone\n") as stage:
        stage.command("edit b.txt")
        stage.command("edit a.txt")
        stage.command("Quillon run it")
        stage.wait("Soon.")
        stage.to_the_file()
        stage.terminal.type("A")
        stage.go()
        stage.status("waiting")
        stage.wait("Quillon asks")
        stage.terminal.type("o a n")
        stage.until_lines(["oneo a n", "second", "third", "fourth", "fifth"])
        stage.terminal.keys("Escape")
        stage.status("waiting")
        stage.command("Quillon answer")
        screen = stage.wait("Quillon asks")
        assert "<u+202e>good" in screen and "b.txt" in screen, screen
        stage.answer("o")
        stage.wait("All is done.")
        stage.until_lines(["new"], stage.other)  # the command wrote beneath an open buffer


def a_cancel_ends_the_turn(folder):
    with Stage(folder, "say Working on it.\nwait\n" + EDIT % ("one", "two") + "done\n") as stage:
        stage.command("Quillon go on for ever")
        stage.wait("Working on it.")
        stage.command("Quillon cancel now, please")  # more words than the command takes: a prompt, which waits
        stage.wait("cancel now, please")
        stage.command("Quillon cancel")
        stage.wait("Turn ended: cancelled")
        stage.wait("not sent: cancelled")
        stage.status("idle")
        stage.command("Quillon once more")
        stage.wait("Quillon asks")
        stage.command("Quillon cancel")  # from the question's own window
        stage.terminal.wait_gone("Quillon asks")
        stage.status("idle")
        assert "(cancelled)" in stage.chat() or "(denied)" in stage.chat(), stage.chat()


def a_killed_daemon_comes_back_with_the_session(folder):
    script = "say The first answer.\ndone\n" + EDIT % ("one", "two") + "done\nsay The last answer.\ndone\n"
    with Stage(folder, script) as stage:
        stage.command("Quillon begin")
        stage.wait("The first answer.")
        stage.status("idle")
        stage.command("Quillon and further")
        stage.wait("Quillon asks")
        before = stage.daemon()
        os.kill(before, signal.SIGKILL)
        stage.status("starting")
        stage.terminal.wait_gone("Quillon asks")
        stage.status("idle")
        stage.wait("Turn ended: interrupted")
        assert "The daemon has ended; it is started again." in stage.chat(), stage.chat()
        assert stage.daemon() not in (0, before)
        assert stage.lines()[0] == "one" and stage.chat().count("The first answer.") == 1, stage.chat()
        stage.command("Quillon still there?")
        stage.wait("The last answer.")
        attached = "return vim.lsp.get_clients({ name = 'quillon', bufnr = vim.fn.bufnr('a.txt') })[1] ~= nil"
        stage.until("attached again", attached)


def another_server_is_not_disturbed(folder):
    with Stage(folder, "say Here.\ndone\n") as stage:
        stage.command("Quillon hello")
        stage.wait("Here.")
        assert stage.lua("return #vim.lsp.get_clients({ bufnr = vim.fn.bufnr('^quillon://') })") == 0, "attached to the chat"
        stage.to_the_file()
        names = "return vim.tbl_map(function(c) return c.name end, vim.lsp.get_clients({ bufnr = 0 }))"
        assert sorted(stage.lua(names)) == ["quillon", "second"], stage.lua(names)
        stage.terminal.type("K")
        stage.wait("hover of the second server")
        stage.terminal.keys("j")
        stage.command("lua vim.lsp.buf.format()")
        stage.until_lines(["formatted by the second server", "second", "third", "fourth", "fifth"])


def a_selection_goes_along_and_options_are_set(folder):
    script = "expect third\nsay Seen.\ndone\nsay Planned.\ndone\n"
    with Stage(folder, script) as stage:
        stage.command("Quillon mode plan")
        stage.until("plan", "return require('quillon.session').of().mode == 'plan'")
        stage.command("2,3Quillon what is this")
        stage.wait("Seen.")
        assert "mode plan" in stage.chat() and "a.txt#L2-L3" in stage.chat(), stage.chat()
        stage.terminal.keys("i")
        stage.wait("Prompt:")
        stage.terminal.type("go on")
        stage.terminal.keys("Enter")
        stage.wait("Planned.")
        stage.command("Quillon new")
        stage.until("empty", "return require('quillon.session').of().id == nil")
        stage.terminal.wait_gone("Planned.")
        stage.command("Quillon sessions")
        stage.wait("Session")
        stage.wait("1:")
        stage.terminal.type("1")
        stage.terminal.keys("Enter")
        stage.wait("Planned.")
        stage.command("checkhealth quillon")
        screen = stage.wait("protocol 1.")
        assert "quillon 0." in screen and "ERROR" not in screen, screen



def late(*_):
    raise TimeoutError("not done in %d seconds" % CHECK_SECONDS)


CHECKS = [
    an_edit_is_asked_and_lands_in_the_buffer,
    a_clean_buffer_is_saved_and_an_undo_is_one_step_each,
    an_edit_while_the_user_types_is_a_step_of_its_own,
    a_no_with_a_reason_reaches_the_model,
    a_question_beside_the_users_typing_takes_no_focus,
    a_cancel_ends_the_turn,
    a_killed_daemon_comes_back_with_the_session,
    another_server_is_not_disturbed,
    a_selection_goes_along_and_options_are_set,
]


def built():
    root = HERE.parent.parent
    subprocess.run(["cargo", "build", "--locked", "--quiet", "--bin", "quillon"], cwd=root, check=True)
    told = subprocess.run(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=root, check=True, capture_output=True)
    return pathlib.Path(json.loads(told.stdout)["target_directory"]) / "debug/quillon"


def main():
    signal.signal(signal.SIGALRM, late)
    failed, ran = 0, [check for check in CHECKS if not sys.argv[3:] or check.__name__ in sys.argv[3:]]
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


QUILLON = pathlib.Path(sys.argv[2]) if sys.argv[2:] else built()
main()
