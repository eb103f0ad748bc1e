"""Drives a terminal program in a tmux of its own and reads its screen; needs tmux and Python's library only.

    with Tmux(["nvim", "a.md"], cwd=folder, env={...}) as terminal:
        terminal.wait("a.md")         # until the screen shows it: a text, a compiled pattern, or a function of the screen
        terminal.keys("space", "a")   # tmux's names of keys: space, Enter, Escape, C-x, Up, ...
        terminal.type(":w")           # literal text
        print(terminal.screen())

Each has a server with a socket of its own and no configuration, so runs disturb neither one another nor a user's tmux.
Leaving the block ends that server and what runs in it.
"""
import os
import re
import shlex
import subprocess
import time

WAIT_SECONDS = 20.0  # a screen that has not changed by then will not
POLL_SECONDS = 0.05
KEY_SECONDS = 0.05  # a program that gets Escape and a letter at once takes them for Alt and the letter


class Tmux:
    def __init__(self, argv, cwd=None, env=None, width=120, height=36):
        self.name = "quillon-%d-%s" % (os.getpid(), os.urandom(4).hex())
        outside = {name: value for name, value in os.environ.items() if name not in ("TMUX", "TMUX_PANE")}
        self.env = {**outside, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **(env or {})}
        command = argv if isinstance(argv, str) else shlex.join(argv)
        # The shell outlives the program, so that its last screen and its exit status can be read.
        line = "env -u TMUX %s; printf '\\n[exit %%d]\\n' $?; exec sleep 3600" % command
        size = ["-x", str(width), "-y", str(height)]
        self._tmux("new-session", "-d", *size, *(["-c", cwd] if cwd else []), "sh", "-c", line)
        self._tmux("set-option", "-sg", "escape-time", "10")
        self.pid = int(self._tmux("display-message", "-p", "#{pid}"))

    def keys(self, *names):
        for name in names:
            self._tmux("send-keys", "Space" if name == "space" else name)
            time.sleep(KEY_SECONDS)

    def type(self, text):
        self._tmux("send-keys", "-l", "--", text)

    def screen(self, colours=False):
        return self._tmux("capture-pane", "-p", *(["-e"] if colours else []))

    def wait(self, what, seconds=WAIT_SECONDS):
        """Until the screen shows `what`; returns that screen."""
        if isinstance(what, str):
            shows = lambda screen: what in screen
        else:
            shows = what.search if isinstance(what, re.Pattern) else what
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if shows(screen):
                return screen
            if time.monotonic() > end:
                raise TimeoutError("never saw %r; the screen:\n%s" % (what, screen))
            time.sleep(POLL_SECONDS)

    def wait_gone(self, text, seconds=WAIT_SECONDS):
        """Until the screen does not show `text` any more; returns that screen."""
        return self.wait(lambda screen: text not in screen, seconds)

    def close(self):
        subprocess.run([*self._base(), "kill-server"], env=self.env, capture_output=True)
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            try:
                os.kill(self.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(POLL_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _base(self):
        return ["tmux", "-L", self.name, "-f", "/dev/null"]

    def _tmux(self, *args):
        told = subprocess.run([*self._base(), *args], env=self.env, capture_output=True, text=True)
        if told.returncode:
            raise RuntimeError("tmux %s: %s" % (args[0], told.stderr.strip()))
        return told.stdout
