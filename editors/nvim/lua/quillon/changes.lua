-- All that is to be looked at as a quickfix list, and a file beside what it was.
local client = require('quillon.client')
local marks = require('quillon.marks')
local review = require('quillon.review')
local M = {}

---Puts the hunks of all files into the quickfix list.
---@param session quillon.Session
function M.list(session)
  review.gather(session, function(all)
    local items = {}
    for _, found in ipairs(all) do
      local file = found.file
      local whole = file.oldMode and 'permissions were ' .. file.oldMode
        or ('%s, %s'):format(file.change, file.added + file.removed > 0 and ('+%d -%d'):format(file.added, file.removed) or 'no lines to show')
      for _, hunk in ipairs(found.hunks) do
        local old, new = marks.split(hunk.oldText), marks.split(hunk.newText)
        local text = hunk.hunkId and ('+%d -%d  %s'):format(#new, #old, vim.trim(new[1] or old[1] or '')) or whole
        local notes = (hunk.mixed and ' (you typed in it)' or '') .. (file.restorable and '' or ' (cannot be undone)')
        table.insert(items, {
          filename = client.path(file.uri), lnum = hunk.new.start + 1, end_lnum = math.max(hunk.new['end'], hunk.new.start + 1),
          text = text .. notes,
        })
      end
    end
    vim.fn.setqflist({}, ' ', { title = 'Quillon: to be looked at', items = items })
    vim.cmd('botright copen')
  end)
end

---Shows the current file beside what it was.
---@param session quillon.Session
function M.diff(session)
  local buffer, window = vim.api.nvim_get_current_buf(), vim.api.nvim_get_current_win()
  local function nothing()
    client.notify('nothing is to be looked at in the text of this file')
  end
  if not session.id then
    return nothing()
  end
  review.look(session, buffer, function(found)
    if not found or not found.file.version or not found.baseline and found.file.change ~= 'created' then
      return nothing()
    end
    local before = vim.api.nvim_create_buf(false, true)
    vim.api.nvim_buf_set_lines(before, 0, -1, true, marks.split(found.baseline or ''))
    vim.bo[before].filetype, vim.bo[before].modifiable, vim.bo[before].bufhidden = vim.bo[buffer].filetype, false, 'wipe'
    local split = vim.api.nvim_open_win(before, false, { split = 'left', win = window })
    vim.wo[split][0].winbar = 'without the changes'
    for _, one in ipairs({ split, window }) do
      vim.api.nvim_win_call(one, vim.cmd.diffthis)
    end
    review.look(session, buffer)
    vim.api.nvim_create_autocmd('BufWipeout', { buffer = before, once = true, callback = vim.schedule_wrap(function()
      if vim.api.nvim_win_is_valid(window) then
        vim.api.nvim_win_call(window, vim.cmd.diffoff)
      end
      if session.id and vim.api.nvim_buf_is_loaded(buffer) then
        review.look(session, buffer)
      end
    end) })
  end)
end

return M
