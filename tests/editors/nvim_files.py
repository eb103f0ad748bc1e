"""Drives edits of buffers that are closed meanwhile, and of files whose bytes must come out as they were.

usage: nvim_files.py TARGET [QUILLON] [CHECK]...      see nvim_stage.py
"""
from nvim_stage import EDIT, Stage, main

EDITING = ["--mode", "edit"]
ASKED = EDIT % ("one", "two") + "done\nsay All is done.\ndone\n"
MADE = "two\nsecond\nthird\nfourth\nfifth\n"
WIPE = "vim.cmd('bwipeout! ' .. vim.fn.bufnr('a.txt'))"
WIPED = "return vim.fn.bufnr('a.txt') == -1"


def a_buffer_wiped_at_the_question_leaves_its_edit_to_the_disk(folder):
    with Stage(folder, ASKED) as stage:
        stage.command("Quillon make it two")
        stage.wait("Quillon asks")
        stage.lua(WIPE)
        assert stage.lua(WIPED)
        stage.answer("o")
        stage.wait("All is done.")
        assert stage.file.read_text() == MADE and "(done)" in stage.chat(), stage.chat()


def what_was_thrown_away_at_the_question_does_not_come_back(folder):
    with Stage(folder, ASKED) as stage:
        stage.terminal.type("GA mine")
        stage.terminal.keys("Escape")
        stage.command("Quillon make it two")
        stage.wait("Quillon asks")
        stage.lua(WIPE)
        stage.answer("o")
        stage.wait("All is done.")
        assert stage.file.read_text() == MADE and "(done)" in stage.chat(), stage.chat()


def a_buffer_wiped_between_the_yes_and_the_edit_leaves_it_to_the_disk(folder):
    with Stage(folder, ASKED) as stage:
        stage.command("Quillon make it two")
        stage.wait("Quillon asks")
        stage.lua("""local buffers = require('quillon.buffers')
            local apply = buffers.apply
            buffers.apply = function(...)
              buffers.apply = apply
              %s
              return apply(...)
            end""" % WIPE)
        stage.answer("o")
        stage.wait("All is done.")
        assert stage.lua(WIPED) and stage.file.read_text() == MADE and "(done)" in stage.chat(), stage.chat()


def a_buffer_that_is_unloaded_during_the_edit_loses_nothing(folder):
    with Stage(folder, ASKED) as stage:
        stage.terminal.type("jA mine")
        stage.terminal.keys("Escape")
        stage.command("write")
        stage.command("Quillon make it two")
        stage.wait("Quillon asks")
        stage.lua("""local buffers = require('quillon.buffers')
            local apply = buffers.apply
            buffers.apply = function(...)
              buffers.apply = apply
              vim.cmd('bunload! ' .. vim.fn.bufnr('a.txt'))
              return apply(...)
            end""")
        stage.answer("o")
        stage.wait("All is done.")
        expected = MADE.replace("second", "second mine")
        assert stage.file.read_text() == expected and "(done)" in stage.chat(), stage.chat()


BOTH = b"\xef\xbb\xbfone\r\ntwo\r\nthree\r\n"


def edited(stage):
    stage.command("edit both.txt")
    stage.wait("three")


def the_editors_own_undo_brings_every_byte_back(folder):
    script = 'call edit {"file_path":"both.txt","old_string":"one\\ntwo","new_string":"1"}\ndone\nsay All is done.\ndone\n'
    with Stage(folder, script, EDITING, {"both.txt": BOTH}) as stage:
        edited(stage)
        both = stage.project / "both.txt"
        stage.command("Quillon go")
        stage.wait("All is done.")
        stage.until_lines(["1", "three"], both)
        assert both.read_bytes() == b"\xef\xbb\xbf1\r\nthree\r\n", both.read_bytes()
        stage.terminal.keys("C-w", "h")
        stage.until("in the file", "return vim.fn.expand('%:t') == 'both.txt'")
        stage.terminal.keys("u")
        stage.until_lines(["one", "two", "three"], both)
        stage.command("write")
        stage.until("written", "return not vim.bo.modified")
        assert both.read_bytes() == BOTH, both.read_bytes()


def an_undo_in_a_buffer_with_unsaved_text_is_saved_byte_for_byte(folder):
    script = 'call edit {"file_path":"both.txt","old_string":"one\\ntwo","new_string":"1"}\ndone\nsay All is done.\ndone\n'
    with Stage(folder, script, EDITING, {"both.txt": BOTH}) as stage:
        edited(stage)
        both = stage.project / "both.txt"
        stage.terminal.type("GA mine")
        stage.terminal.keys("Escape")
        stage.command("Quillon go")
        stage.wait("All is done.")
        stage.until_lines(["1", "three mine"], both)
        assert both.read_bytes() == BOTH, "saved what the user had not saved"
        stage.terminal.keys("C-w", "h")
        stage.until("in the file", "return vim.fn.expand('%:t') == 'both.txt'")
        stage.command("Quillon undo all")
        stage.until_lines(["one", "two", "three mine"], both)
        stage.command("write")
        stage.until("written", "return not vim.bo.modified")
        assert both.read_bytes() == BOTH.replace(b"three", b"three mine"), both.read_bytes()


MIXED = b"one\ntwo\r\nthree\nfour\r\nfive\n"
NO_HUNK_LEFT = "return vim.iter(vim.api.nvim_list_bufs()):all(function(buffer) return not require('quillon.marks').of(buffer) end)"


def lines_that_come_back_have_the_ends_they_had(folder):
    step = 'call edit {"file_path":"%s","old_string":"two\\n","new_string":""}\ndone\ncall edit {"file_path":"%s","old_string":"four","new_string":"4\\n4b"}\ndone\n'
    names = ["open.txt", "closed.txt"]
    script = "".join(step % (name, name) for name in names) + "say All is done.\ndone\n"
    with Stage(folder, script, EDITING, {name: MIXED for name in names}) as stage:
        stage.command("edit open.txt")
        stage.wait("three")
        stage.command("Quillon go")
        stage.wait("All is done.")
        stage.status("idle")
        stage.terminal.keys("C-w", "h")
        for name in names:
            assert (stage.project / name).read_bytes() == b"one\nthree\n4\n4b\r\nfive\n", (stage.project / name).read_bytes()
        stage.until("something to look at", "return not (function() %s end)()" % NO_HUNK_LEFT)
        stage.command("Quillon undo all")
        stage.until("nothing left", NO_HUNK_LEFT)
        for name in names:
            assert (stage.project / name).read_bytes() == MIXED, (name, (stage.project / name).read_bytes())


main([
    a_buffer_wiped_at_the_question_leaves_its_edit_to_the_disk,
    what_was_thrown_away_at_the_question_does_not_come_back,
    a_buffer_wiped_between_the_yes_and_the_edit_leaves_it_to_the_disk,
    a_buffer_that_is_unloaded_during_the_edit_loses_nothing,
    the_editors_own_undo_brings_every_byte_back,
    an_undo_in_a_buffer_with_unsaved_text_is_saved_byte_for_byte,
    lines_that_come_back_have_the_ends_they_had,
])
