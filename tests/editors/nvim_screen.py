"""Drives the Neovim plugin: prompts, questions, edits, sessions, and daemons that end.

usage: nvim_screen.py TARGET [QUILLON] [CHECK]...      see nvim_stage.py
"""
import json
import os
import signal
import time

from nvim_stage import EDIT, Stage, main
from tmux_driver import WAIT_SECONDS

CHAT_HAS = """local chat = vim.api.nvim_buf_get_lines(vim.fn.bufnr('^quillon://'), 0, -1, true)
    return table.concat(chat, '\\n'):find(..., 1, true) ~= nil"""


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


def what_is_unsaved_is_saved_before_a_command(folder):
    run = 'call bash {"command":"cp a.txt seen%d.txt"}\n'
    script = EDIT % ("fifth", "5") + run % 1 + "done\nsay One.\ndone\n" + run % 2 + "done\nexpect did not see it: a.txt\nsay Two.\ndone\n"
    with Stage(folder, script, ["--mode", "edit", "--allow", "bash"]) as stage:
        stage.terminal.keys("x")
        stage.until("changed", "return vim.bo.modified")
        stage.command("Quillon go")
        stage.wait("One.")
        expected = "ne\nsecond\nthird\nfourth\n5\n"
        assert stage.file.read_text() == (stage.project / "seen1.txt").read_text() == expected, stage.chat()
        stage.lua("vim.api.nvim_buf_set_lines(vim.fn.bufnr(...), 0, 1, true, { 'mine' })", str(stage.file))
        stage.file.write_text("another program's\n")
        os.utime(stage.file, (1, 1))
        stage.command("Quillon on")
        stage.wait("Two.")
        assert (stage.project / "seen2.txt").read_text() == "another program's\n" == stage.file.read_text()
        assert stage.lines()[0] == "mine", stage.lines()


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


def prompts_for_a_daemon_that_is_down_arrive_in_order(folder):
    with Stage(folder, "".join("say Answer %d.\ndone\n" % number for number in range(6))) as stage:
        stage.command("Quillon begin")
        stage.wait("Answer 0.")
        stage.status("idle")
        daemon = stage.daemon()
        os.kill(daemon, signal.SIGSTOP)
        for number in range(1, 5):
            stage.command("Quillon prompt %d" % number)
        stage.until("given", "return vim.tbl_count(require('quillon.session').of().unsent) == 4")
        os.kill(daemon, signal.SIGKILL)
        stage.status("starting")
        stage.command("Quillon prompt 5")
        stage.until("all answered", CHAT_HAS, "Answer 5.")
        prompts = [line for line in stage.chat().splitlines() if line.startswith("prompt ")]
        assert prompts == ["prompt %d" % number for number in range(1, 6)], stage.chat()


def the_words_of_a_prompt_that_is_not_taken_stay(folder):
    with Stage(folder, "say Here.\ndone\n") as stage:
        stage.command("Quillon hello")
        stage.wait("Here.")
        stage.status("idle")
        stage.lua("""local session = require('quillon.session').of()
            local daemon = require('quillon.client').find(session.root).client
            daemon:request_sync('agent/session/delete', { sessionId = session.id }, 5000)""")
        stage.command("Quillon many words")
        stage.until("said", CHAT_HAS, "(not sent: there is no session")
        assert "many words" in stage.chat(), stage.chat()
        stage.lua("vim.ui.input = function(options) vim.g.offered = options.default end require('quillon.chat').ask(require('quillon.session').of())")
        assert stage.lua("return vim.g.offered") == "many words"


def a_lone_cr_ends_no_line(folder):
    edit = 'call edit {"file_path":"cr.txt","old_string":"%s","new_string":"%s"}\ndone\n'
    script = edit % ("b", "B") + "say One.\ndone\n" + edit % (r"d\ne", "E") + "say Two.\ndone\n"
    with Stage(folder, script, ["--mode", "edit"], {"cr.txt": b"p\rq\nb\nc\nd\ne\n"}) as stage:
        stage.command("edit cr.txt")
        stage.until("open", "return vim.fn.bufnr('cr.txt') > 0 and vim.fn.line('$') == 5")
        file = stage.project / "cr.txt"
        stage.command("Quillon one")
        stage.wait("One.")
        assert stage.lines(file) == ["p\rq", "B", "c", "d", "e"] and file.read_bytes() == b"p\rq\nB\nc\nd\ne\n", stage.lines(file)
        stage.lua("vim.api.nvim_buf_set_lines(vim.fn.bufnr('cr.txt'), 2, 3, true, { 'c typed', 'and more' })")
        stage.command("Quillon two")
        stage.wait("Two.")
        assert stage.lines(file) == ["p\rq", "B", "c typed", "and more", "E"], stage.lines(file)


def a_buffer_of_lines_that_end_at_cr_is_the_files(folder):
    script = EDIT.replace("a.txt", "mac.txt") % ("b", "B") + "done\nsay One.\ndone\n"
    with Stage(folder, script, ["--mode", "edit"], {"mac.txt": b"a\rb\rc\r"}) as stage:
        attached = "return #vim.lsp.get_clients({ name = 'quillon', bufnr = vim.fn.bufnr(...) })"
        stage.command("edit mac.txt")
        stage.command("Quillon")
        stage.status("idle")
        assert stage.lua(attached, "mac.txt") == 1
        stage.terminal.keys("C-w", "h")
        stage.command("edit ++ff=mac")
        stage.until("three lines", "return vim.fn.line('$') == 3")
        assert [stage.lua(attached, name) for name in ("mac.txt", "a.txt")] == [0, 1]
        stage.command("Quillon go")
        stage.wait("One.")
        assert (stage.project / "mac.txt").read_bytes() == b"a\rB\rc\r", (stage.project / "mac.txt").read_bytes()
        for ends, count in (("mac", 0), ("unix", 1)):
            stage.lua("vim.bo[vim.fn.bufnr('a.txt')].fileformat = ...", ends)
            assert stage.lua(attached, "a.txt") == count, ends


def a_renamed_buffer_is_open_by_its_new_name(folder):
    script = EDIT % ("fourth", "4th") + EDIT.replace("a.txt", "renamed.txt") % ("fifth", "5th") + "done\nsay All is done.\ndone\n"
    with Stage(folder, script, ["--mode", "edit"]) as stage:
        stage.command("Quillon")
        stage.status("idle")
        stage.to_the_file()
        stage.command("file renamed.txt")
        stage.command("Quillon go")
        stage.wait("All is done.")
        assert stage.chat().count("(done)") == 2, stage.chat()
        assert stage.file.read_text() == "one\nsecond\nthird\n4th\nfifth\n", stage.file.read_text()
        stage.until_lines(["one", "second", "third", "fourth", "5th"], stage.project / "renamed.txt")


def what_ended_is_shown_before_neovim_asks_about_a_file(folder):
    with Stage(folder, EDIT % ("fourth", "4th") + "done\nsay All is done.\ndone\n") as stage:
        stage.lua("""vim.o.autoread = false
            local buffers = require('quillon.buffers')
            local read_again = buffers.read_again
            buffers.read_again = function(root)
              vim.g.stands = vim.wait(5000, function()
                local chat = vim.api.nvim_buf_get_lines(vim.fn.bufnr('^quillon://'), 0, -1, true)
                return table.concat(chat):find('%(failed%)') ~= nil or table.concat(chat):find('%(done%)') ~= nil
              end)
              read_again(root)
            end""")
        stage.command("Quillon go")
        stage.wait("Quillon asks")
        stage.answer("o")
        stage.wait("All is done.")
        stage.until("read again", "return vim.g.stands ~= nil")
        assert stage.lua("return vim.g.stands"), stage.chat()


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


def the_model_is_told_what_the_editor_shows(folder):
    problem = "expect warning in a.txt:4: odd word\n"
    script = "expect active file: a.txt, cursor in line 3\n" + problem + "expect open files: a.txt\nsay Seen.\ndone\n"
    with Stage(folder, script) as stage:
        stage.command("3")
        warn = "{ { lnum = 3, col = 0, message = 'odd word', severity = 2 } }"
        stage.command("lua vim.diagnostic.set(vim.api.nvim_create_namespace('test'), 0, %s)" % warn)
        stage.command("Quillon what is this")
        stage.wait("Seen.")
        assert "In the editor" not in stage.chat(), stage.chat()


def a_key_is_typed_and_stored(folder):
    with Stage(folder, "say Never.\ndone\n") as stage:
        stage.command("Quillon key anthropic")
        stage.wait("it is not shown")
        stage.terminal.type("sesame-4711")
        stage.terminal.keys("Enter")
        screen = stage.wait("is stored")
        assert "sesame" not in screen, screen
        stored = [path for path in folder.rglob("keys.json") if "sesame-4711" in path.read_text()]
        assert len(stored) == 1, stored


def several_questions_are_answered_one_after_another(folder):
    names = ["x.txt", "y.txt", "z.txt"]
    script = "say Soon.\nawait go\n" + "".join('call read {"file_path":"../%s"}\n' % name for name in names) + "done\nsay All is done.\ndone\n"
    with Stage(folder, script) as stage:
        for name in names:
            (folder / name).write_text("text of %s\n" % name)
        stage.command("Quillon read them")
        stage.wait("Soon.")
        stage.to_the_file()
        stage.go()
        stage.wait("Quillon asks, 1 of 3")
        stage.command("Quillon answer")
        asked = []
        for count in (3, 2):
            stage.wait("Quillon asks, 1 of %d" % count)
            asked.append(stage.lua("return vim.api.nvim_get_current_line()"))
            first = stage.lua("return require('quillon.session').of().questions[1].questionId")
            while stage.lua("return require('quillon.session').of().questions[1].questionId") == first:
                stage.terminal.keys("o" if count == 3 else "n")
        # The last one is answered by something else than its keys.
        stage.wait("Quillon asks, 1 of 1")
        stage.lua("""local session = require('quillon.session').of()
            local params = { sessionId = session.id, questionId = session.questions[1].questionId, choice = 'no' }
            vim.lsp.get_clients({ name = 'quillon' })[1]:request('agent/answer', params, function() end)""")
        stage.terminal.wait_gone("Quillon asks")
        stage.wait("All is done.")
        # The calls of one step are looked at together, so any of them may ask first.
        every = ["Read %s" % (folder / name) for name in names]
        assert len(set(asked)) == 2 and all(one in every for one in asked), asked
        assert stage.chat().count("(done)") == 1 and stage.chat().count("(denied)") == 2, stage.chat()


def a_long_diff_is_read_to_its_end(folder):
    content = json.dumps({"file_path": "long.txt", "content": "".join("line %d\n" % n for n in range(1, 301))})
    with Stage(folder, "call write " + content + "\ndone\nsay All is done.\ndone\n") as stage:
        stage.command("Quillon write much")
        screen = stage.wait("Quillon asks")
        assert "+line 1\n" not in screen and "+line 300" not in screen and "o once" in screen, screen
        stage.terminal.keys("C-f")
        stage.wait("+line 30")
        stage.terminal.type("G")
        screen = stage.wait("+line 300")
        assert "o once" in screen, screen
        stage.answer("o")
        stage.wait("All is done.")
        assert (stage.project / "long.txt").read_text().endswith("line 300\n")


def a_daemon_that_does_not_stay_is_given_up(folder):
    with Stage(folder, "say Here.\ndone\n") as stage:
        broken = folder / "broken"
        broken.write_text("#!/bin/sh\necho started >>'%s/starts'\nexit 3\n" % folder)
        broken.chmod(0o700)
        stage.lua("""GOOD, WAITS, NOTES = vim.lsp.config.quillon.cmd, {}, ''
            vim.notify = function(text) NOTES = NOTES .. text end -- it is long, and would wait for a key
            vim.lsp.config('quillon', { cmd = { ... } })
            local defer = vim.defer_fn
            vim.defer_fn = function(act, wait)
              table.insert(WAITS, wait)
              return defer(act, wait / 100)
            end""", str(broken))
        stage.command("Quillon hello")
        stage.until("given up", "return NOTES:find('ended 6 times in a row', 1, true) ~= nil")
        stage.status("lost")
        assert (folder / "starts").read_text().count("started") == 6
        assert [wait for wait in stage.lua("return WAITS") if wait >= 1000] == [1000, 2000, 4000, 4000, 4000], stage.lua("return WAITS")
        stage.lua("vim.lsp.config('quillon', { cmd = GOOD })")
        stage.command("Quillon hello")
        stage.wait("Here.")


main([
    an_edit_is_asked_and_lands_in_the_buffer,
    a_clean_buffer_is_saved_and_an_undo_is_one_step_each,
    what_is_unsaved_is_saved_before_a_command,
    an_edit_while_the_user_types_is_a_step_of_its_own,
    a_no_with_a_reason_reaches_the_model,
    a_question_beside_the_users_typing_takes_no_focus,
    a_cancel_ends_the_turn,
    a_killed_daemon_comes_back_with_the_session,
    prompts_for_a_daemon_that_is_down_arrive_in_order,
    the_words_of_a_prompt_that_is_not_taken_stay,
    a_lone_cr_ends_no_line,
    a_buffer_of_lines_that_end_at_cr_is_the_files,
    a_renamed_buffer_is_open_by_its_new_name,
    what_ended_is_shown_before_neovim_asks_about_a_file,
    another_server_is_not_disturbed,
    a_selection_goes_along_and_options_are_set,
    a_key_is_typed_and_stored,
    the_model_is_told_what_the_editor_shows,
    several_questions_are_answered_one_after_another,
    a_long_diff_is_read_to_its_end,
    a_daemon_that_does_not_stay_is_given_up,
])
