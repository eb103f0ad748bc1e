"""Drives the review of the Neovim plugin: marks, keep, undo, the quickfix list, the diff, and ways back.

usage: nvim_review.py TARGET [QUILLON] [CHECK]...      see nvim_stage.py
"""
from nvim_stage import EDIT, Stage, main

EDITING = ["--mode", "edit"]
LINES = ["one", "second", "third", "fourth", "fifth"]
MARKED = """local space = vim.api.nvim_get_namespaces()['quillon.review']
    local marked = {}
    for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(vim.fn.bufnr(...), space, 0, -1, { details = true })) do
      local old = vim.iter(mark[4].virt_lines or {}):map(function(line) return vim.trim(line[1][1]) end):totable()
      if mark[4].line_hl_group then table.insert(marked, ('%d+'):format(mark[2] + 1)) end
      if old[1] then table.insert(marked, ('%d-%s'):format(mark[2] + 1, table.concat(old, '|'))) end
    end
    return marked"""


def until_marked(stage, expected, file=None):
    """Until these lines are marked: `2+` a new one, `3-old|lines` what was deleted above."""
    code = "local name, expected = ...; return vim.deep_equal((function(...) %s end)(name), expected)" % MARKED
    name = str(file or stage.file)
    try:
        stage.until("marks %r" % expected, code, name, expected)
    except TimeoutError as late:
        raise TimeoutError("%r are marked; %s" % (stage.lua(MARKED, name), late)) from None


def edits(*pairs):
    """A script that makes these edits of a.txt, in a step each."""
    return "".join(EDIT % pair + "done\n" for pair in pairs) + "say All is done.\ndone\n"


def edited(stage, prompt="go"):
    """Lets the script play, and goes to the file."""
    stage.command("Quillon " + prompt)
    stage.wait("All is done.")
    stage.status("idle")
    stage.to_the_file()


def changes_are_marked_and_gone_through(folder):
    script = edits(("one", "1st"), ("third\\n", ""), ("fifth", "5th\\n5b"))
    with Stage(folder, script, EDITING) as stage:
        edited(stage)
        until_marked(stage, ["1+", "1-one", "3-third", "4+", "5+", "4-fifth"])
        print(stage.terminal.screen())


main([
    changes_are_marked_and_gone_through,
])
