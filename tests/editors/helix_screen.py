"""Drives Helix, which knows LSP only: the agent's changes as hints, the old text on hover, keep and undo by code actions; and conversations.

usage: helix_screen.py TARGET [QUILLON] [CHECK]...      see nvim_stage.py
"""
import json
import time

from nvim_stage import EDIT, QUILLON, TARGET, main
from tmux_driver import POLL_SECONDS, WAIT_SECONDS, Tmux

LANGUAGES = """
[language-server.quillon]
command = %(quillon)s
args = ["lsp", "--mode", "edit", "--model", %(model)s]

[[language]]
name = "notes"
scope = "source.notes"
file-types = ["txt"]
language-servers = ["quillon"]

[[language]]
name = "markdown"
language-servers = ["quillon"]
"""
CONFIG = """
[editor]
end-of-line-diagnostics = "hint"
lsp.display-messages = true
"""
CHANGED = "changed by the agent: +1 −1"
CHOSEN = "\x1b[7m"  # how the theme draws the chosen line of a menu


class Helix:
    """A project with a file and a script for the model, and Helix on its screen with that file open."""

    def __init__(self, folder, script):
        self.project = folder / "project"
        (self.project / ".git").mkdir(parents=True)
        self.file = self.project / "a.txt"
        self.file.write_text("one\nsecond\nthird\nfourth\nfifth\n")
        (folder / "script").write_text(script)
        settings = folder / "config/helix"
        settings.mkdir(parents=True)
        (settings / "config.toml").write_text(CONFIG)
        names = {"quillon": str(QUILLON), "model": "script:%s" % (folder / "script")}
        (settings / "languages.toml").write_text(LANGUAGES % {name: json.dumps(value) for name, value in names.items()})
        below = {"XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
        env = {name: str(folder / value) for name, value in below.items()}
        self.terminal = Tmux([str(TARGET / "bin/hx"), "a.txt"], cwd=str(self.project), env=env)
        self.terminal.wait("fifth")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.terminal.close()

    def command(self, text):
        self.terminal.type(":" + text)
        self.terminal.keys("Enter")

    def wait(self, what):
        return self.terminal.wait(what)

    def ask(self):
        """Sends a prompt, and goes back from the chat to the file."""
        end = time.monotonic() + WAIT_SECONDS
        self.command('lsp-workspace-command quillon.ask "go"')
        # Nobody tells that the server has started.
        while "not supported" in (screen := self.wait(lambda screen: "## You" in screen or "not supported" in screen)):
            assert time.monotonic() < end, screen
            self.command('lsp-workspace-command quillon.ask "go"')
        self.command("open a.txt")

    def order(self, text):
        """Gives a command to the server of the document that is shown."""
        self.command("lsp-workspace-command " + text)

    def act(self, title):
        """Takes a code action of the line."""
        self.terminal.keys("space", "a")
        self.wait(title)
        end = time.monotonic() + WAIT_SECONDS
        while not any(title in line and CHOSEN in line for line in self.terminal.screen(True).splitlines()):
            assert time.monotonic() < end, self.terminal.screen()
            self.terminal.keys("Down")
        self.terminal.keys("Enter")

    def until_saved(self, text):
        self.command("write")
        end = time.monotonic() + WAIT_SECONDS
        while self.file.read_text() != text:
            assert time.monotonic() < end, "%r\n%s" % (self.file.read_text(), self.terminal.screen())
            time.sleep(POLL_SECONDS)


def changes_are_hints_and_are_kept_or_undone_by_actions(folder):
    script = EDIT % ("one", "two") + EDIT % ("fourth", "4th") + "done\nsay All is done.\ndone\n"
    with Helix(folder, script) as helix:
        helix.ask()
        helix.wait(lambda screen: screen.count(CHANGED) == 2)
        helix.terminal.type("gg")
        helix.terminal.keys("space", "k")
        screen = helix.wait("before:")
        assert "  one" in screen, screen
        helix.terminal.keys("Escape")
        helix.act("Quillon: undo this change")
        helix.wait(lambda screen: screen.count(CHANGED) == 1 and "1  one" in screen)
        # It is a step of its own in the editor too, and the change is there again to be looked at.
        helix.terminal.type("u")
        helix.wait(lambda screen: screen.count(CHANGED) == 2 and "1  two" in screen)
        helix.terminal.type("U")
        helix.wait(lambda screen: screen.count(CHANGED) == 1 and "1  one" in screen)
        helix.command("4")
        helix.act("Quillon: keep this change")
        screen = helix.wait(lambda screen: CHANGED not in screen)
        assert "4  4th" in screen, screen
        helix.until_saved("one\nsecond\nthird\n4th\nfifth\n")


def all_is_undone_while_the_turn_runs(folder):
    new = 'call write {"file_path":"b.txt","content":"new\\n"}\n'
    script = EDIT % ("one", "two") + new + "done\nsay Soon.\nawait go\nsay All is done.\ndone\n"
    with Helix(folder, script) as helix:
        helix.ask()
        helix.wait(CHANGED)
        helix.command("open b.txt")
        helix.wait("by the agent: created (+1 −0)")
        helix.command("buffer-close")
        helix.command("open a.txt")
        helix.wait(CHANGED)
        helix.command('lsp-workspace-command quillon.review "undo"')
        helix.wait(lambda screen: CHANGED not in screen and "1  one" in screen)
        end = time.monotonic() + WAIT_SECONDS
        while (helix.project / "b.txt").exists():
            assert time.monotonic() < end, helix.terminal.screen()
            time.sleep(POLL_SECONDS)
        (folder / "go").touch()


def another_conversation_begins_and_the_first_goes_on(folder):
    with Helix(folder, "say The first answer.\ndone\nsay The second answer.\ndone\n") as helix:
        helix.ask()
        helix.command("buffer-previous")
        helix.wait("The first answer.")
        helix.order("quillon.new")
        helix.wait(lambda screen: "## You" in screen and "The first answer." not in screen)
        helix.terminal.type("geoonce more")
        helix.terminal.keys("Escape")
        helix.order("quillon.ask")  # what stands in the chat
        helix.wait(lambda screen: "once more" in screen and "The first answer." in screen)
        helix.order("quillon.sessions")
        helix.wait("1: go")
        helix.terminal.keys("Enter")
        helix.wait(lambda screen: "The first answer." in screen and "once more" not in screen)
        helix.order('quillon.ask "and on"')
        screen = helix.wait("The second answer.")
        assert "The first answer." in screen and "and on" in screen and "once more" not in screen, screen


main([changes_are_hints_and_are_kept_or_undone_by_actions, all_is_undone_while_the_turn_runs, another_conversation_begins_and_the_first_goes_on])
