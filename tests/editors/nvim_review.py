"""Drives the review of the Neovim plugin: marks, keep, undo, the quickfix list, the diff, and ways back.

usage: nvim_review.py TARGET [QUILLON] [CHECK]...      see nvim_stage.py
"""
import json
import os
import signal

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


def cursor(stage, file, line):
    code = "return vim.fn.expand('%:t') == ... and vim.fn.line('.')"
    stage.until("in line %d of %s" % (line, file), "local f, l = ...; return (function(...) %s end)(f) == l" % code, file, line)


def said(stage, words):
    stage.until("said %r" % words, "return vim.fn.execute('messages'):find(..., 1, true) ~= nil", words)


def looked_at(stage, file):
    """Until the marks are for the text as it is."""
    code = "local b = vim.fn.bufnr(...); return require('quillon.marks').of(b).file.version == require('quillon.buffers').hash(b)"
    stage.until("looked at", code, str(file))


def changes_are_marked_and_gone_through(folder):
    script = edits(("one", "1st"), ("third\\n", ""), ("fifth", "5th\\n5b"))
    script = 'call write {"file_path":"c.txt","content":"new\\n"}\ndone\n' + script
    script = 'call edit {"file_path":"b.txt","old_string":"old","new_string":"new"}\ndone\n' + script
    with Stage(folder, script, EDITING) as stage:
        assert stage.lua("return vim.fn.maparg(']h', 'n')") == ""
        stage.command("edit b.txt")
        stage.command("nnoremap <buffer> ]h :let g:mine = 1<CR>")
        stage.command("edit a.txt")
        edited(stage)
        until_marked(stage, ["1+", "1-one", "3-third", "4+", "4-fifth", "5+"])
        shown = [line.split("│")[0].rstrip() for line in stage.terminal.screen().splitlines()[:8]]
        assert shown == ["  one", "+ 1st", "  second", "  third", "- fourth", "  fifth", "+ 5th", "+ 5b"], shown
        assert stage.lua("return vim.fn.maparg(']h', 'n', false, true).buffer") == 1
        for keys, file, line in [("]h", "a.txt", 3), ("]h", "a.txt", 4), ("]h", "b.txt", 1), ("[h", "a.txt", 4), ("[h", "a.txt", 3),
                                 ("[h", "a.txt", 1), ("[h", "c.txt", 1), ("]h", "a.txt", 1)]:
            stage.until("the key", "return vim.fn.maparg(']h', 'n') ~= ''")
            stage.terminal.type(keys)
            cursor(stage, file, line)
        until_marked(stage, ["1+"], stage.project / "c.txt")
        stage.command("buffer b.txt")
        stage.terminal.type("]h")
        stage.until("the user's own key", "return vim.g.mine == 1")
        stage.command("Quillon keep all")
        until_marked(stage, [], stage.other)
        assert stage.lua("return vim.fn.maparg(']h', 'n')") != "", "the user's own key has gone"
        stage.command("buffer a.txt")
        until_marked(stage, [])
        until_marked(stage, [], stage.project / "c.txt")
        assert stage.lua("return vim.fn.maparg(']h', 'n')") == "", "the keys stay where nothing is to be looked at"
        stage.command("Quillon review")
        said(stage, "nothing is to be looked at")


def what_is_deleted_at_the_top_can_be_seen(folder):
    text = "".join("line %d\n" % n for n in range(1, 101))
    with Stage(folder, edits(("line 1\\nline 2\\n", "")), EDITING, {"a.txt": text.encode()}) as stage:
        edited(stage)
        top = lambda screen: [line.split("│")[0][2:].rstrip() for line in screen.splitlines()[:3]]
        shows = lambda screen: top(screen) == ["line 1", "line 2", "line 3"]
        stage.wait(shows)
        stage.terminal.type("G")
        stage.wait("line 100")
        stage.terminal.type("gg")
        stage.wait(shows)
        stage.terminal.keys("C-e", "C-e")
        stage.wait(lambda screen: top(screen)[0] == "line 3")
        stage.terminal.type("A, mine")
        looked_at(stage, stage.file)
        assert top(stage.terminal.screen())[0] == "line 3, mine", stage.terminal.screen()
        stage.terminal.keys("Escape")
        stage.command("edit b.txt")
        stage.wait("old")
        stage.command("buffer a.txt")
        stage.wait(lambda screen: top(screen) == ["line 1", "line 2", "line 3, mine"])


def a_killed_daemon_knows_what_is_to_be_looked_at(folder):
    with Stage(folder, edits(("one", "1st"), ("third", "3rd")), EDITING) as stage:
        edited(stage)
        before = stage.daemon()
        os.kill(before, signal.SIGKILL)
        stage.status("starting")
        stage.status("idle")
        assert stage.daemon() not in (0, before)
        until_marked(stage, ["1+", "1-one", "3+", "3-third"])
        stage.command("Quillon undo")
        stage.until_lines(["one", "second", "3rd", "fourth", "fifth"])
        until_marked(stage, ["3+", "3-third"])


def one_hunk_is_kept_and_others_are_undone(folder):
    with Stage(folder, edits(("one", "1st"), ("third", "3rd"), ("fifth", "5th")), EDITING) as stage:
        edited(stage)
        marked = ["1+", "1-one", "3+", "3-third", "5+", "5-fifth"]
        until_marked(stage, marked)
        stage.terminal.keys("j")
        stage.command("Quillon keep")
        said(stage, "no change of Quillon")
        stage.terminal.keys("k")
        stage.command("Quillon keep")
        until_marked(stage, marked[2:])
        stage.terminal.type("]h")
        stage.command("Quillon undo")
        stage.until_lines(["1st", "second", "third", "fourth", "5th"])
        until_marked(stage, marked[4:])
        assert stage.file.read_text() == "1st\nsecond\nthird\nfourth\n5th\n", "a saved buffer is saved again"
        stage.terminal.keys("u")
        stage.until_lines(["1st", "second", "3rd", "fourth", "5th"])
        until_marked(stage, marked[2:])  # what came back by `u` is to be looked at again
        stage.command("2,4Quillon undo")
        stage.until_lines(["1st", "second", "third", "fourth", "5th"])
        until_marked(stage, marked[4:])
        stage.terminal.keys("u")
        until_marked(stage, marked[2:])
        stage.command("4,5Quillon undo")
        stage.until_lines(["1st", "second", "3rd", "fourth", "fifth"])
        until_marked(stage, marked[2:4])


def hunks_are_decided_while_the_agent_works_and_the_user_types(folder):
    script = EDIT % ("one", "1st") + EDIT % ("third", "3rd") + "done\nsay Soon.\nawait go\n" + EDIT % ("fifth", "5th") + "done\nsay All is done.\ndone\n"
    with Stage(folder, script, EDITING) as stage:
        stage.command("Quillon go")
        stage.wait("Soon.")
        stage.to_the_file()
        until_marked(stage, ["1+", "1-one", "3+", "3-third"])
        stage.terminal.type("jA mine")
        stage.until_lines(["1st", "second mine", "3rd", "fourth", "fifth"])
        stage.terminal.keys("Escape", "k")
        stage.command("Quillon keep")
        until_marked(stage, ["3+", "3-third"])
        stage.terminal.type("]hoand mine")
        stage.until_lines(["1st", "second mine", "3rd", "and mine", "fourth", "fifth"])
        stage.lua("vim.cmd('3Quillon undo')")  # while the user is in insert mode
        stage.until_lines(["1st", "second mine", "third", "and mine", "fourth", "fifth"])
        stage.terminal.type(", too")
        stage.status("running")
        assert stage.daemon()
        stage.go()
        stage.wait("All is done.")
        until_marked(stage, ["6+", "6-fifth"])
        assert stage.lines() == ["1st", "second mine", "third", "and mine, too", "fourth", "5th"], stage.lines()
        assert stage.status("idle") is None and stage.file.read_text() == "1st\nsecond\n3rd\nfourth\nfifth\n", stage.file.read_text()


def a_file_and_lines_are_undone_in_one_go(folder):
    with Stage(folder, edits(("one", "1st"), ("third\\n", ""), ("fifth", "5th\\n5b")), EDITING) as stage:
        edited(stage)
        until_marked(stage, ["1+", "1-one", "3-third", "4+", "4-fifth", "5+"])
        stage.terminal.type("A mine")
        stage.terminal.keys("Escape", "o")
        stage.terminal.type("and mine")
        stage.terminal.keys("Escape")
        stage.command("write")
        until_marked(stage, ["1+", "1-one", "2+", "4-third", "5+", "5-fifth", "6+"])
        stage.command("3,4Quillon undo")
        stage.until_lines(["1st mine", "and mine", "second", "third", "fourth", "5th", "5b"])
        stage.command("Quillon! undo")
        stage.wait("You have typed in what would be undone")
        stage.terminal.type("1")
        stage.terminal.keys("Enter")
        stage.until_lines(["1st mine", "and mine", "second", "third", "fourth", "fifth"])
        stage.command("Quillon! undo")
        stage.wait("You have typed in what would be undone")
        stage.terminal.type("2")
        stage.terminal.keys("Enter")
        stage.until_lines(LINES)
        until_marked(stage, [])
        stage.command("Quillon! cancel")
        said(stage, "! goes with keep and undo")


def formatters_and_other_programs_are_told_from_the_user(folder):
    told = "expect was saved, the editor formatted it, which changed:\n"
    script = EDIT % ("one", "1st") + "done\n" + told + EDIT % ("fifth", "5th") + "done\nsay All is done.\ndone\n"
    with Stage(folder, script, EDITING) as stage:
        stage.command("autocmd BufWritePre a.txt keepjumps silent! %s/[a-z]$/&;/")
        edited(stage)
        assert stage.lines() == ["1st;", "second;", "third;", "fourth;", "5th;"], stage.lines()
        until_marked(stage, ["1+", "1-one", "5+", "5-fifth;"])
        stage.file.write_text("zero\n" + stage.file.read_text())
        until_marked(stage, ["2+", "2-one", "6+", "6-fifth;"])
        stage.command("Quillon! undo")  # which asks where the user has a hand in it
        stage.until_lines(["zero;", "one;", "second;", "third;", "fourth;", "fifth;"])
        until_marked(stage, [])


def a_save_that_fails_is_told(folder):
    told = "expect the editor has this edit of a.txt and failed to save it\n"
    with Stage(folder, EDIT % ("one", "1st") + "done\n" + told + "say All is done.\ndone\n", EDITING) as stage:
        before = stage.file.read_text()
        stage.command("setlocal readonly")
        edited(stage)
        assert (stage.lines()[0], stage.file.read_text()) == ("1st", before), stage.lines()
        said(stage, "a.txt has the change and could not be saved")


def a_buffer_behind_the_disk_is_not_taken_for_the_users_text(folder):
    with Stage(folder, edits(("newer", "newest")), EDITING) as stage:
        stage.file.write_text("one\nnewer\n")  # while no daemon runs
        assert "second" in stage.lines(), stage.lines()
        edited(stage)
        assert stage.lines() == ["one", "newest"], stage.lines()
        assert stage.file.read_text() == "one\nnewest\n"
        until_marked(stage, ["2+", "2-newer"])


MADE = 'call write {"file_path":"new.txt","content":"a\\nb\\n"}\ndone\n'
MANY = MADE + 'call edit {"file_path":"b.txt","old_string":"old","new_string":"new"}\ndone\n'
ITEMS = """return vim.iter(vim.fn.getqflist()):map(function(item)
    return vim.fn.fnamemodify(vim.fn.bufname(item.bufnr), ':t') .. ':' .. item.lnum .. ' ' .. item.text
    end):totable()"""
# What the daemon tells of files that a command has changed.
COMMANDED = """local review = require('quillon.review')
    local request, files = review.request, {
      { change = 'modified', restorable = true }, { change = 'deleted', removed = 2, restorable = true },
      { change = 'modified', version = 'v', oldMode = '644', restorable = false },
    }
    for at, file in ipairs(files) do
      files[at] = vim.tbl_extend('keep', file, { uri = vim.uri_from_fname('/p/' .. at), hunks = 0, added = 0, removed = 0, calls = {}, turns = {} })
    end
    review.request = function(session, method, params, done)
      local at = tonumber((params.uri or ''):match('/p/(%d)$'))
      if at then return done({ file = files[at], hunks = {} }) end
      request(session, method, params, function(result)
        if method == 'agent/review/list' then vim.list_extend(result.files, files) end
        done(result)
      end)
    end"""


def all_files_are_listed(folder):
    with Stage(folder, MANY + edits(("one", "1st"), ("fifth\\n", "")), EDITING) as stage:
        edited(stage)
        stage.lua(COMMANDED)
        stage.command("Quillon review")
        stage.until("the list", "return vim.bo.buftype == 'quickfix'")
        assert stage.lua(ITEMS) == [
            "new.txt:1 created, +2 -0", "b.txt:1 +1 -1  new", "a.txt:1 +1 -1  1st", "a.txt:5 +0 -1  fifth", "1:1 modified, no lines to show",
            "2:1 deleted, +0 -2", "3:1 permissions were 644 (cannot be undone)"], stage.lua(ITEMS)
        stage.command("cnext")
        cursor(stage, "b.txt", 1)
        until_marked(stage, ["1+", "1-old"], stage.other)


def all_is_undone_in_open_and_closed_files(folder):
    with Stage(folder, MANY + edits(("one", "1st")), EDITING) as stage:
        made = stage.project / "new.txt"
        edited(stage)
        until_marked(stage, ["1+", "1-one"])
        stage.command("edit new.txt")
        until_marked(stage, ["1+", "2+"], made)
        stage.terminal.type("A!")
        stage.terminal.keys("Escape")
        looked_at(stage, made)
        stage.command("Quillon! undo")
        said(stage, "new.txt has unsaved changes")
        assert made.exists() and stage.lines(made) == ["a!", "b"]
        stage.terminal.keys("u")
        until_marked(stage, ["1+", "2+"], made)
        stage.command("Quillon undo all")
        said(stage, "new.txt is removed; its buffer stays")
        stage.until_lines(LINES)
        assert not made.exists() and stage.other.read_text() == "old\n"
        assert stage.lines(made) == ["a", "b"]
        until_marked(stage, [])
        until_marked(stage, [], made)
        stage.command("write")
        attached = "return vim.lsp.get_clients({ name = 'quillon', bufnr = vim.fn.bufnr(...) })[1] ~= nil"
        stage.until("known again", attached, str(made))


def a_file_is_shown_beside_what_it_was(folder):
    with Stage(folder, edits(("one", "1st"), ("fifth", "5th")), EDITING) as stage:
        edited(stage)
        marked = ["1+", "1-one", "5+", "5-fifth"]
        until_marked(stage, marked)
        stage.command("Quillon diff")
        stage.wait("without the changes")
        until_marked(stage, ["1+", "5+"])  # the other window shows the old lines
        old = "return vim.api.nvim_buf_get_lines(vim.fn.winbufnr(vim.fn.winnr('h')), 0, -1, true)"
        assert stage.lua(old) == LINES and stage.lua("return vim.wo.diff")
        stage.terminal.keys("C-w", "h")
        stage.command("quit")
        until_marked(stage, marked)
        assert not stage.lua("return vim.wo[vim.fn.bufwinid('a.txt')].diff")


ENDED = """local chat = table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr('^quillon://'), 0, -1, true), '\\n')
    return vim.fn.count(chat, '(done)') + vim.fn.count(chat, '(failed)') > ..."""


def typing_beside_the_agent_loses_nothing(folder):
    count = 12
    step = "await go%02d\ncall edit " + '{"file_path":"a.txt","old_string":"line %02d\\n","new_string":"LINE %02d\\nadded\\n"}\ndone\n'
    script = "say Soon.\n" + "".join(step % (n, n, n) for n in range(count)) + "say All is done.\ndone\n"
    text = "".join("line %02d\n-\n" % n for n in range(count))
    with Stage(folder, script, EDITING, {"a.txt": (text + "typed: \n").encode()}) as stage:
        stage.command("Quillon edit all lines")
        stage.wait("Soon.")
        stage.to_the_file()
        stage.terminal.type("GA")
        typed = ""
        for n in range(count - 1):
            (folder / ("go%02d" % n)).touch()  # the edit comes anywhere in these words
            for word in ("a%d " % n, "b%d " % n, "c%d " % n):
                stage.terminal.type(word)
                typed += word
            if n % 3 == 0:
                stage.until("over: edit %d" % n, ENDED, n)
        stage.until("typed", "return vim.api.nvim_get_current_line() == ...", "typed: " + typed)
        stage.until("over: all edits but one", ENDED, count - 2)
        assert stage.daemon()  # a request, before which the editor tells what was typed
        (folder / ("go%02d" % (count - 1))).touch()
        stage.until("over: all edits", ENDED, count - 1)
        stage.terminal.keys("Escape")
        stage.wait("All is done.")
        stage.status("idle")
        lines, row, marked = stage.lines(), 0, []
        for n in range(count):
            done = lines[row] == "LINE %02d" % n
            expected = ["LINE %02d" % n, "added", "-"] if done else ["line %02d" % n, "-"]
            assert lines[row:row + len(expected)] == expected, lines
            marked += ["%d+" % (row + 1), "%d-line %02d" % (row + 1, n), "%d+" % (row + 2)] if done else []
            row += len(expected)
        assert lines[row:] == ["typed: " + typed], lines
        assert done, "an edit while the user rests has failed: " + stage.chat()
        assert stage.chat().count("(done)") == len(marked) / 3, stage.chat()
        until_marked(stage, marked)


def a_stale_version_is_noticed(folder):
    script = EDIT % ("one", "1st") + "done\nawait go\n" + edits(("third", "3rd"))
    with Stage(folder, script, EDITING) as stage:
        # The user is quicker than the edit.
        stage.lua("""local buffers = require('quillon.buffers')
            local apply = buffers.apply
            buffers.apply = function(...)
              buffers.apply = apply
              vim.api.nvim_buf_set_lines(vim.fn.bufnr('a.txt'), 4, 5, true, { 'my own' })
              FIRST = apply(...).files[1]
              return { files = { FIRST } }
            end""")
        stage.command("Quillon go")
        stage.until("over: the first edit", ENDED, 0)
        assert stage.lua("return FIRST.applied") is False and stage.lines()[4] == "my own", stage.lines()
        first = "1st" if "(done)" in stage.chat() else "one"  # it may have been made anew, for the text as it is
        assert stage.daemon()  # a request, before which the editor tells what was typed
        stage.go()
        stage.wait("All is done.")
        stage.status("idle")
        stage.to_the_file()
        lines = [first, "second", "3rd", "fourth", "my own"]
        stage.until_lines(lines)
        # And quicker than the verdict, which is about a text that is not there any more.
        stage.until("marks", "return #require('quillon.marks').within(vim.fn.bufnr('a.txt'), 3, 3) == 1")
        stage.lua("""vim.api.nvim_win_set_cursor(0, { 3, 0 })
            vim.api.nvim_buf_set_text(0, 2, 3, 2, 3, { ' and mine' })
            vim.cmd('Quillon undo')""")
        said(stage, "it has changed since; look again")
        lines[2] = "3rd and mine"
        assert stage.lines() == lines, stage.lines()
        # What was typed elsewhere is no hindrance.
        stage.terminal.keys("u")
        stage.until("marks", "return not require('quillon.marks').within(vim.fn.bufnr('a.txt'), 3, 3)[1].mixed")
        stage.lua("""vim.api.nvim_buf_set_lines(0, 4, 5, true, { 'mine, too' })
            vim.cmd('Quillon undo')""")
        stage.until_lines([first, "second", "third", "fourth", "mine, too"])


def a_plain_client_that_skips_an_edit_is_not_believed(folder):
    script = EDIT % ("one", "two") + "done\nexpect its text is another one\nsay All is done.\ndone\n"
    with Stage(folder, script, EDITING) as stage:
        stage.lua("""local config = vim.deepcopy(vim.lsp.config.quillon)
            config.name, config.root_dir, config.capabilities = 'plain', vim.fn.getcwd(), nil
            local apply = vim.lsp.handlers['workspace/applyEdit']
            config.handlers = { ['workspace/applyEdit'] = function(err, params, context)
              local ours = vim.inspect(params):find('a.txt', 1, true)
              if ours then -- the user is quicker than the edit
                vim.api.nvim_buf_set_lines(vim.fn.bufnr('a.txt'), 0, 1, true, { 'one and mine' })
              end
              local said = apply(err, params, context)
              APPLIED = ours and said.applied or APPLIED
              return said
            end }
            vim.lsp.start(config)""")
        stage.until("the plain client", "local c = vim.lsp.get_clients({ name = 'plain' })[1]; return c and c.initialized")
        stage.lua("vim.lsp.get_clients({ name = 'plain' })[1]:exec_cmd({ command = 'quillon.ask', arguments = { 'go' } })")
        stage.until("the chat", "return vim.fn.expand('%:e') == 'md'")
        stage.until("told", "return vim.tbl_contains(vim.fn.readfile(vim.fn.expand('%')), 'All is done.')")
        assert stage.lua("return APPLIED") is True, "Neovim says so no more"
        assert stage.lines()[0] == "one and mine", stage.lines()


KINDS = {
    "crlf.txt": b"one\r\n-\r\ntwo\r\nthree\r\n",
    "bom.txt": b"\xef\xbb\xbfone\n-\ntwo\nthree\n",
    "both.txt": b"\xef\xbb\xbfone\r\n-\r\ntwo\r\nthree\r\n",
    "mixed.txt": b"one\r\n-\r\ntwo\nthree\r\n",
    "bare.txt": b"one\n-\ntwo\nthree",
}


def line_ends_and_marks_come_out_as_they_were(folder):
    files = {**KINDS, **{"closed-" + name: content for name, content in KINDS.items()}}
    step = 'call edit {"file_path":"%s","old_string":"%s\\n","new_string":"%s\\n+\\n"}\ndone\n'
    script = "".join(step % (name, old, new) for name in files for old, new in [("one", "1"), ("two", "2")])
    with Stage(folder, script + "say All is done.\ndone\n", EDITING, files) as stage:
        for name in KINDS:
            stage.command("edit " + name)
        stage.command("edit a.txt")
        edited(stage)
        for name, content in files.items():
            for old, new in [(b"one", b"1"), (b"two", b"2")]:
                end = b"\r\n" if old + b"\r\n" in content else b"\n"
                content = content.replace(old + end, new + end + b"+" + end)
            check_bytes(stage, name, content)
        for name in KINDS:
            until_marked(stage, ["1+", "1-one", "2+", "4+", "4-two", "5+"], stage.project / name)
        stage.command("Quillon undo all")
        stage.until("nothing left", NOTHING_LEFT)
        for name, content in files.items():
            check_bytes(stage, name, content)


def check_bytes(stage, name, content):
    found = (stage.project / name).read_bytes()
    assert found == content, "%s has %r instead of %r" % (name, found, content)


NOTHING_LEFT = "return vim.iter(vim.api.nvim_list_bufs()):all(function(buffer) return not require('quillon.marks').of(buffer) end)"


def a_last_line_end_comes_and_goes(folder):
    contents = {"bare": "x\ny", "ended": "x\ny\n", "longer": "x\ny\nz\n", "empty": "", "crlf": "x\r\ny", "alone": "\n"}
    changes = [("bare", "ended"), ("ended", "bare"), ("bare", "longer"), ("longer", "bare"), ("ended", "longer"), ("ended", "alone"),
               ("alone", "bare"), ("crlf", "longer")]
    step = 'call write {"file_path":"%s","content":%s}\ndone\n'
    names = {"%s-%s" % pair: pair for pair in changes}
    script = "".join('call read {"file_path":"%s"}\ndone\n' % name + step % (name, json.dumps(contents[to])) for name, (_, to) in names.items())
    files = {name: contents[of].encode() for name, (of, _) in names.items()}
    with Stage(folder, script + "say All is done.\ndone\n", EDITING, files) as stage:
        for name in names:
            stage.command("edit " + name)
        stage.command("edit a.txt")
        edited(stage)
        assert "(failed)" not in stage.chat(), stage.chat()
        for name, (of, to) in names.items():
            check_bytes(stage, name, contents[to].replace("\n", "\r\n" if of == "crlf" else "\n").encode())
        stage.command("Quillon undo all")
        stage.until("nothing left", NOTHING_LEFT)
        for name, content in files.items():
            check_bytes(stage, name, content)


def a_way_back_is_looked_at_taken_and_taken_back(folder):
    script = "say First answer.\ndone\n" + MADE + EDIT % ("one", "1st") + "done\nsay All is done.\ndone\nexpect anew\nsay Heard.\ndone\n"
    with Stage(folder, script, EDITING) as stage:
        made = stage.project / "new.txt"
        stage.command("Quillon restore")
        said(stage, "there is nothing to go back to")
        stage.command("Quillon begin")
        stage.wait("First answer.")
        stage.status("idle")
        edited(stage, "make it so")
        stage.command("edit new.txt")
        until_marked(stage, ["1+", "2+"], made)
        stage.command("edit a.txt")
        stage.terminal.type("GA mine")
        stage.terminal.keys("Escape")
        until_marked(stage, ["1+", "1-one"])
        stage.command("Quillon restore")
        screen = stage.wait("Back to before")
        assert "1: " in screen and "2 files  make it so" in screen and "0 files  begin" in screen, screen
        stage.terminal.type("1")
        stage.terminal.keys("Enter")
        screen = stage.wait("Go back?")
        assert "Back to before: make it so" in screen and "deleted new.txt (+0 -2)" in screen and "-1st" in screen, screen
        stage.terminal.type("q")
        stage.terminal.wait_gone("Go back?")
        assert made.exists() and stage.lines()[0] == "1st"
        stage.command("Quillon restore")
        stage.wait("Back to before")
        stage.terminal.type("1")
        stage.terminal.keys("Enter")
        stage.wait("Go back?")
        stage.terminal.type("b")
        screen = stage.wait("Prompt: make it so")
        stage.terminal.type(", anew")
        stage.terminal.keys("Escape")
        stage.terminal.wait_gone("Prompt:")
        stage.until_lines(["one", "second", "third", "fourth", "fifth mine"])
        assert not made.exists() and stage.lines(made) == ["a", "b"]
        until_marked(stage, [])
        assert "First answer." in stage.chat() and "make it so" not in stage.chat() and "All is done." not in stage.chat(), stage.chat()
        stage.command("Quillon restore undo")
        screen = stage.wait("Go back?")
        assert "created new.txt (+2 -0)" in screen and "+1st" in screen, screen
        stage.terminal.type("b")
        stage.until_lines(["1st", "second", "third", "fourth", "fifth mine"])
        stage.until("in the chat again", "return vim.fn.count(table.concat(vim.api.nvim_buf_get_lines(vim.fn.bufnr('^quillon://'), 0, -1, true)), 'All is done.') == 1")
        assert made.read_text() == "a\nb\n"
        until_marked(stage, ["1+", "1-one"])


main([
    changes_are_marked_and_gone_through,
    what_is_deleted_at_the_top_can_be_seen,
    a_killed_daemon_knows_what_is_to_be_looked_at,
    one_hunk_is_kept_and_others_are_undone,
    hunks_are_decided_while_the_agent_works_and_the_user_types,
    formatters_and_other_programs_are_told_from_the_user,
    a_save_that_fails_is_told,
    a_buffer_behind_the_disk_is_not_taken_for_the_users_text,
    a_file_and_lines_are_undone_in_one_go,
    all_files_are_listed,
    all_is_undone_in_open_and_closed_files,
    a_file_is_shown_beside_what_it_was,
    typing_beside_the_agent_loses_nothing,
    a_stale_version_is_noticed,
    a_plain_client_that_skips_an_edit_is_not_believed,
    line_ends_and_marks_come_out_as_they_were,
    a_last_line_end_comes_and_goes,
    a_way_back_is_looked_at_taken_and_taken_back,
])
