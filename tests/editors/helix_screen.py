"""Drives Helix, which knows LSP only: the agent's changes as hints, the old text on hover, keep and undo by code actions.

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
"""
CONFIG = """
[editor]
end-of-line-diagnostics = "hint"
lsp.display-messages = true
"""
CHANGED = "changed by the agent: +1 −1"


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
        self.wait("fourth")

    def act(self, title):
        """Takes a code action of the line."""
        self.terminal.keys("space", "a")
        self.wait(title)
        end = time.monotonic() + WAIT_SECONDS
        # The line that is chosen is drawn in other colours than those around it.
        for _ in range(self.place_of(title)):
            assert time.monotonic() < end
            self.terminal.keys("Down")
        self.terminal.keys("Enter")

    def place_of(self, title):
        """How many keys down an action is: the first one is chosen as the menu opens, if the menu says so."""
        titles = [line for line in self.terminal.screen().splitlines() if "Quillon: " in line]
        return next(at for at, line in enumerate(titles) if title in line)

    def until_saved(self, text):
        self.command("write")
        end = time.monotonic() + WAIT_SECONDS
        while self.file.read_text() != text:
            assert time.monotonic() < end, "%r\n%s" % (self.file.read_text(), self.terminal.screen())
            time.sleep(POLL_SECONDS)


def a_change_is_a_hint_and_is_kept_or_undone_by_an_action(folder):
    script = EDIT % ("one", "two") + EDIT % ("fourth", "4th") + "done\nsay All is done.\ndone\n"
    with Helix(folder, script) as helix:
        helix.ask()
        screen = helix.wait(lambda screen: screen.count(CHANGED) == 2)
        print(screen)
        helix.terminal.type("gg")
        helix.terminal.keys("space", "k")
        print(helix.wait("before:"))
        helix.terminal.keys("Escape")
        helix.terminal.keys("space", "a")
        print(helix.wait("Quillon: undo this change"))
        helix.terminal.keys("Down")
        time.sleep(.5)
        print(helix.terminal.screen(True))


main([a_change_is_a_hint_and_is_kept_or_undone_by_an_action])
