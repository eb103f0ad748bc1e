-- Hunks in buffers: added lines are marked, deleted ones stand between the lines, and all move with the text.
local M = {}

local SPACE = vim.api.nvim_create_namespace('quillon.review')

for name, link in pairs({ QuillonAdd = 'DiffAdd', QuillonDelete = 'DiffDelete' }) do
  vim.api.nvim_set_hl(0, name, { link = link, default = true })
end

---@class quillon.Hunk
---@field hunkId? agent.HunkId Absent: the file as a whole, which has no hunks.
---@field old agent.LineRange
---@field new agent.LineRange
---@field oldText string
---@field newText string
---@field mixed boolean
---@field mark? integer Where it stands in a buffer now.

---@class quillon.Found
---@field file agent.ReviewedFile
---@field baseline? string
---@field hunks quillon.Hunk[]

---What the buffers show.
---@type table<integer, quillon.Found>
local shown = {}

---@param text string
---@return string[] lines
function M.split(text)
  local lines = vim.split(text, '\n')
  if lines[#lines] == '' then
    table.remove(lines)
  end
  return lines
end

---@param buffer integer
---@param hunk quillon.Hunk
---@param quiet boolean Whether the window shows the deleted lines itself.
local function paint(buffer, hunk, quiet)
  local count = vim.api.nvim_buf_line_count(buffer)
  local first, beyond = hunk.new.start, math.min(hunk.new['end'], count)
  for row = first, beyond - 1 do
    vim.api.nvim_buf_set_extmark(buffer, SPACE, row, 0, {
      line_hl_group = 'QuillonAdd', sign_text = hunk.mixed and '±' or '+', sign_hl_group = 'QuillonAdd',
    })
  end
  local deleted = vim.tbl_map(function(line)
    local text = require('quillon.permission').visible(line)
    return { { text .. (' '):rep(vim.o.columns - vim.fn.strdisplaywidth(text)), 'QuillonDelete' } }
  end, quiet and {} or M.split(hunk.oldText))
  local none, row = beyond <= first, math.min(first, count - 1)
  hunk.mark = vim.api.nvim_buf_set_extmark(buffer, SPACE, row, 0, {
    end_row = math.max(row, beyond), end_right_gravity = false, strict = false,
    virt_lines = deleted[1] and deleted or nil, virt_lines_above = first < count, virt_lines_overflow = 'scroll',
    sign_text = none and (hunk.hunkId and '-' or '*') or nil, sign_hl_group = none and 'QuillonDelete' or nil,
  })
end

---@param buffer integer
---@return integer count Of the lines that were deleted above the first one.
local function above_all(buffer)
  local first = shown[buffer] and shown[buffer].hunks[1]
  return first and first.new.start == 0 and #M.split(first.oldText) or 0
end

---Shows what is deleted above the first line: no line is above it, beneath which it would be seen.
---@param window integer
local function reveal(window)
  local count = above_all(vim.api.nvim_win_get_buf(window))
  if count > 0 and not vim.wo[window].diff then
    vim.api.nvim_win_call(window, function()
      if vim.fn.line('w0') == 1 then
        vim.fn.winrestview({ topfill = math.min(count, vim.api.nvim_win_get_height(window) - 1) })
      end
    end)
  end
end

vim.api.nvim_create_autocmd({ 'BufWinEnter', 'WinScrolled' }, {
  group = vim.api.nvim_create_augroup('quillon.marks', {}),
  callback = function(event)
    for window, moved in pairs(event.event == 'WinScrolled' and vim.v.event or {}) do
      if tonumber(window) and moved.topline < 0 and vim.api.nvim_win_is_valid(tonumber(window)) then
        reveal(tonumber(window))
      end
    end
    if event.event == 'BufWinEnter' then
      vim.schedule(function()
        reveal(0)
      end)
    end
  end,
})

---Shows the changes of a file in its buffer, in place of those before.
---@param buffer integer
---@param found quillon.Found
function M.show(buffer, found)
  local hides = above_all(buffer) == 0
  local windows = vim.tbl_filter(function(window)
    return hides or vim.api.nvim_win_call(window, vim.fn.winsaveview).topfill > 0 -- else it was scrolled past
  end, vim.fn.win_findbuf(buffer))
  M.clear(buffer)
  shown[buffer] = found
  local quiet = vim.iter(vim.fn.win_findbuf(buffer)):any(function(window)
    return vim.wo[window].diff
  end)
  for _, hunk in ipairs(found.hunks) do
    paint(buffer, hunk, quiet)
  end
  vim.iter(windows):each(reveal)
end

---@param buffer integer Whose marks have gone.
function M.forget(buffer)
  shown[buffer] = nil
end

---@param buffer integer
function M.clear(buffer)
  M.forget(buffer)
  if vim.api.nvim_buf_is_valid(buffer) then
    vim.api.nvim_buf_clear_namespace(buffer, SPACE, 0, -1)
  end
end

---@param buffer integer
---@return quillon.Found?
function M.of(buffer)
  return shown[buffer]
end

---@param buffer integer
---@param hunk quillon.Hunk
---@return integer first, integer last Its lines, from 1; of one that only deletes the line below.
local function lines(buffer, hunk)
  local at = vim.api.nvim_buf_get_extmark_by_id(buffer, SPACE, hunk.mark, { details = true })
  return at[1] + 1, math.max(at[1] + 1, at[3].end_row)
end

---@param buffer integer
---@return quillon.Hunk[]
local function hunks_of(buffer)
  return shown[buffer] and shown[buffer].hunks or {}
end

---The hunks in some lines; where there are none, what is deleted beneath them.
---@param buffer integer
---@param first integer
---@param last integer
---@return quillon.Hunk[]
function M.within(buffer, first, last)
  local hunks = hunks_of(buffer)
  local inside = vim.tbl_filter(function(hunk)
    local from, to = lines(buffer, hunk)
    return from <= last and to >= first
  end, hunks)
  return inside[1] and inside or vim.tbl_filter(function(hunk)
    return hunk.newText == '' and lines(buffer, hunk) == last + 1
  end, hunks)
end

---@param buffer integer
---@param line integer
---@param step 1|-1
---@return integer? line Of the next hunk in that direction.
function M.next(buffer, line, step)
  local function beyond(hunk)
    return (lines(buffer, hunk) - line) * step > 0
  end
  local hunks = vim.iter(hunks_of(buffer))
  local hunk = step > 0 and hunks:find(beyond) or step < 0 and hunks:rfind(beyond)
  return hunk and (lines(buffer, hunk)) or nil
end

return M
