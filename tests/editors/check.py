"""Checks the installed editors and the driver without Quillon: a broken set-up is told here from a broken daemon.

usage: check.py TARGET      (the folder given to the install scripts)
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from tmux_driver import Tmux

TARGET = pathlib.Path(sys.argv[1])


def environment(folder):
    """Folders of its own for a program under test, so that a person's settings stay out of it."""
    names = {"XDG_CONFIG_HOME": "config", "XDG_DATA_HOME": "data", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
    return {**{name: str(folder / below) for name, below in names.items()}, "NVIM_LOG_FILE": str(folder / "nvim.log")}


def neovim_on_its_screen(folder, file):
    with Tmux([str(TARGET / "bin/nvim"), "--clean", str(file)], cwd=str(folder), env=environment(folder)) as terminal:
        terminal.wait("first line")
        terminal.type("ggccx")  # change the line: one undo step
        terminal.type("changed")
        terminal.keys("Escape")
        terminal.wait("xchanged")
        terminal.type(":wq")
        terminal.keys("Enter")
        terminal.wait("[exit 0]")
    assert file.read_text() == "xchanged\nsecond line\n", file.read_text()


def neovim_by_script(folder, file):
    script = folder / "check.lua"
    script.write_text("io.write(vim.version().minor) vim.cmd.cquit(vim.fn.has('nvim-0.12') == 1 and 7 or 1)")
    command = [str(TARGET / "bin/nvim"), "--headless", "--clean", "-l", str(script)]
    told = subprocess.run(command, env={**os.environ, **environment(folder)}, capture_output=True, timeout=30)
    assert told.returncode == 7, told


def neovim_over_its_socket(folder, file):
    import pynvim

    command = [str(TARGET / "bin/nvim"), "--headless", "--clean", "--embed", "-n", str(file)]
    neovim = pynvim.attach("child", argv=command)
    try:
        assert neovim.current.buffer[0] == "first line", neovim.current.buffer[:]
    finally:
        neovim.close()


def helix_on_its_screen(folder, file):
    with Tmux([str(TARGET / "bin/hx"), str(file)], cwd=str(folder), env=environment(folder)) as terminal:
        terminal.wait("first line")
        terminal.type("%cchanged")
        terminal.keys("Escape")
        terminal.wait("changed")
        terminal.type(":wq")
        terminal.keys("Enter")
        terminal.wait("[exit 0]")
    assert file.read_text() == "changed\n", file.read_text()


def acp_client_and_schema(folder, file):
    told = subprocess.run([str(TARGET / "bin/acpx"), "--version"], capture_output=True, text=True, timeout=30)
    assert told.returncode == 0, told
    schema = json.loads((TARGET / "acp/schema-v1.json").read_text())
    assert "SessionUpdate" in schema["$defs"], sorted(schema["$defs"])


def main():
    checks = [neovim_on_its_screen, neovim_by_script, neovim_over_its_socket, helix_on_its_screen, acp_client_and_schema]
    failed = 0
    for check in checks:
        with tempfile.TemporaryDirectory(prefix="quillon-editors-") as name:
            folder = pathlib.Path(name)
            file = folder / "a.md"
            file.write_text("first line\nsecond line\n")
            try:
                check(folder, file)
                print("ok      %s" % check.__name__)
            except Exception as error:
                failed += 1
                print("FAILED  %s: %s: %s" % (check.__name__, type(error).__name__, error))
    print("%d passed, %d failed" % (len(checks) - failed, failed))
    sys.exit(1 if failed else 0)


main()
