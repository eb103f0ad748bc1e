"""Drives `quillon run` and `undo` in a pseudo-terminal: questions, answers, what is typed too early, Ctrl-C.

usage: terminal.py QUILLON
"""

import os
import pathlib
import pty
import select
import signal
import sys
import tempfile
import time

EDIT = 'call edit {"file_path":"text","old_string":"one","new_string":"two"}\ndone\nsay over\ndone\n'
# Time enough for an answer that should not count to do its harm.
GUARD_SECONDS = 0.2
WAIT_SECONDS = 30


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, folder, script, *arguments):
        (folder / "script").write_text(script)
        (folder / "text").write_text("one\n")
        self.folder, self.text = folder, folder / "text"
        self.start("run", "--model", "script:script", *arguments)

    def start(self, *arguments):
        self.seen, self.status = "", None
        self.process, self.master = pty.fork()
        if self.process == 0:
            os.chdir(self.folder)
            folders = {"QUILLON_%s_DIR" % name.upper(): str(self.folder / name) for name in ("state", "config")}
            os.environ.update(folders)
            os.execv(QUILLON, [QUILLON, *arguments])

    def type(self, text):
        os.write(self.master, text.encode(errors="surrogateescape"))

    def until(self, text):
        """Waits until this stands on the screen, from here on."""
        end = time.monotonic() + WAIT_SECONDS
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], end - time.monotonic())
            assert ready, "no %r in %r" % (text, self.seen)
            try:
                piece = os.read(self.master, 65536)
            except OSError:
                piece = b""
            assert piece, "it ended without %r: %r" % (text, self.seen)
            self.seen += piece.decode(errors="replace")
        self.seen = self.seen.split(text, 1)[1]

    def asked(self):
        """Waits until a question takes answers."""
        self.until("[n]o > ")
        time.sleep(GUARD_SECONDS)

    def end(self):
        """Waits for the end; the exit status."""
        try:
            while os.read(self.master, 65536):
                pass
        except OSError:
            pass
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        return self.status


def what_is_typed_too_early_is_no_answer(folder):
    terminal = Terminal(folder, EDIT, "go")
    terminal.type("o\n" * 40)
    terminal.until("+two")
    terminal.type("o\n")
    terminal.asked()
    assert terminal.text.read_text() == "one\n"
    terminal.type("n\n")
    assert terminal.end() == 0
    assert terminal.text.read_text() == "one\n"


def a_yes_after_the_question_counts(folder):
    terminal = Terminal(folder, EDIT, "go")
    terminal.until("+two")
    terminal.asked()
    terminal.type("what?\n")
    terminal.until("Allow once")
    terminal.type("\udcff\udcfe\n")
    terminal.until("Allow once")
    terminal.type("o\n")
    terminal.until("over")
    assert terminal.end() == 0
    assert terminal.text.read_text() == "two\n"


def a_no_may_have_a_reason(folder):
    script = EDIT.replace("say over", "expect use three\nsay over")
    terminal = Terminal(folder, script, "go")
    terminal.asked()
    terminal.type("n use three\n")
    terminal.until("over")
    assert terminal.end() == 0


def ctrl_c_at_a_question_cancels(folder):
    terminal = Terminal(folder, EDIT, "go")
    terminal.asked()
    terminal.type("\x03")
    terminal.until("cancelled")
    assert terminal.end() == 130
    assert terminal.text.read_text() == "one\n"


def a_conversation_goes_on_and_ctrl_c_does_not_end_it(folder):
    terminal = Terminal(folder, "say first\ndone\nsay second\ndone\n", "-i")
    terminal.until("you > ")
    terminal.type("\x03")
    terminal.until("Ctrl-D or /exit leaves")
    terminal.until("you > ")
    terminal.type("one\n")
    terminal.until("first")
    terminal.until("you > ")
    terminal.type("two\n")
    terminal.until("second")
    terminal.until("you > ")
    terminal.type("/exit\n")
    assert terminal.end() == 0


def a_way_back_is_shown_and_asked(folder):
    terminal = Terminal(folder, EDIT, "--mode", "edit", "go")
    assert terminal.end() == 0
    terminal.start("undo")
    terminal.type("y\n" * 40)
    terminal.until("Back to before turn 1: go")
    terminal.until("+one")
    terminal.until("Turn 1 goes out of the conversation.")
    terminal.asked()
    terminal.type("perhaps\n")
    terminal.asked()
    assert terminal.text.read_text() == "two\n"
    terminal.type("n\n")
    terminal.until("nothing was done")
    assert terminal.end() == 1
    terminal.start("undo")
    terminal.asked()
    terminal.type("\x03")
    assert terminal.end() == 130
    assert terminal.text.read_text() == "two\n"
    terminal.start("undo")
    terminal.asked()
    terminal.type("y\n")
    terminal.until("went back: text")
    terminal.until("quillon undo --restore r1")
    assert terminal.end() == 0
    assert terminal.text.read_text() == "one\n"


def a_way_back_from_files_that_change_meanwhile_is_not_taken(folder):
    terminal = Terminal(folder, EDIT, "--mode", "edit", "go")
    assert terminal.end() == 0
    terminal.start("undo")
    terminal.asked()
    terminal.text.write_text("zero\ntwo\n")
    terminal.type("y\n")
    terminal.until("have changed while they were looked at")
    assert terminal.end() == 1
    assert terminal.text.read_text() == "zero\ntwo\n"


def main():
    checks = [check for name, check in sorted(globals().items()) if getattr(check, "__module__", "") == __name__
              and callable(check) and name not in ("main", "Terminal")]
    failed = 0
    for check in checks:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(pathlib.Path(folder))
                print("ok      " + check.__name__)
            except AssertionError as error:
                failed += 1
                print("FAILED  %s: %s" % (check.__name__, error))
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    sys.exit(1 if failed else 0)


signal.alarm(300)
QUILLON = os.path.realpath(sys.argv[1])
main()
