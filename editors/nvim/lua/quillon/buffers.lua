-- Edits of open buffers for the daemon: all files or none, each one undo step.
local client = require('quillon.client')
local M = {}

---@param buffer integer
---@return agent.TextHash
function M.hash(buffer)
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), '\n')
  text = text .. (vim.bo[buffer].eol and '\n' or '')
  return vim.fn.sha256((text:gsub('\r\n', '\n')))
end

---@param uri agent.Uri
---@param daemon vim.lsp.Client
---@return integer? buffer
local function find(uri, daemon)
  for buffer in pairs(daemon.attached_buffers) do
    if vim.uri_from_bufnr(buffer) == uri then
      return buffer
    end
  end
end

---@param edit agent.BufferEdit
---@param buffer? integer
---@return string? why It cannot be applied.
local function refusal(edit, buffer)
  if not buffer or not vim.api.nvim_buf_is_loaded(buffer) then
    return 'the file is not open'
  elseif not vim.bo[buffer].modifiable then
    return 'the buffer is not modifiable'
  elseif vim.lsp.util.buf_versions[buffer] ~= edit.version or M.hash(buffer) ~= edit.baseHash then
    return 'the buffer was changed since'
  end
end

---Ends the undo step of a buffer, so that what follows is one of its own.
---@param buffer integer
local function break_undo(buffer)
  vim.api.nvim_buf_call(buffer, function()
    vim.cmd('let &l:undolevels = &l:undolevels')
  end)
end

---Tells the daemon the text anew: Neovim tells neither of a last line that ends or does not, nor well of the
---only one.
---@param daemon vim.lsp.Client
---@param buffer integer
local function tell(daemon, buffer)
  local ending = vim.bo[buffer].fileformat == 'dos' and '\r\n' or '\n'
  local text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, true), ending) .. (vim.bo[buffer].eol and ending or '')
  daemon:request('agent/status', vim.empty_dict(), function() end, buffer) -- what is to be told goes before
  daemon:notify('textDocument/didChange', {
    textDocument = { uri = vim.uri_from_bufnr(buffer), version = vim.lsp.util.buf_versions[buffer] },
    contentChanges = { { text = text } },
  })
end

---@param edits lsp.TextEdit[]
---@param buffer integer
---@param encoding string
local function put(edits, buffer, encoding)
  local count, ends = vim.api.nvim_buf_line_count(buffer), vim.bo[buffer].eol
  local to_the_end = vim.iter(edits):any(function(edit)
    return edit.range['end'].line >= count
  end)
  if ends and to_the_end then -- the last line end is a line, so that an edit can be behind it or take it away
    vim.api.nvim_buf_set_lines(buffer, count, count, true, { '' })
  end
  table.sort(edits, function(left, right)
    local one, other = left.range.start, right.range.start
    return one.line > other.line or one.line == other.line and one.character > other.character
  end)
  local function place(at)
    local line = vim.api.nvim_buf_get_lines(buffer, at.line, at.line + 1, true)[1]
    return at.line, vim.str_byteindex(line, encoding, at.character)
  end
  for _, edit in ipairs(edits) do
    -- Elsewhere than in a dos buffer a carriage return is part of the line.
    local text = vim.bo[buffer].fileformat == 'dos' and edit.newText:gsub('\r\n', '\n') or edit.newText
    local row, column = place(edit.range.start)
    local to_row, to_column = place(edit.range['end'])
    vim.api.nvim_buf_set_text(buffer, row, column, to_row, to_column, vim.split(text, '\n', { plain = true }))
  end
  if ends and not to_the_end then
    return
  end
  count = vim.api.nvim_buf_line_count(buffer)
  vim.bo[buffer].eol = count > 1 and vim.api.nvim_buf_get_lines(buffer, count - 1, count, true)[1] == ''
  if vim.bo[buffer].eol then
    vim.api.nvim_buf_set_lines(buffer, count - 1, count, true, {})
  end
end

---@param buffer integer
---@return boolean saved, string? problem
local function save(buffer)
  local fixes = vim.bo[buffer].fixeol
  vim.bo[buffer].fixeol = false -- who has the buffer as the disk has it wants the edit there, and no more
  local saved, problem = pcall(vim.api.nvim_buf_call, buffer, function()
    vim.cmd('silent write')
  end)
  vim.bo[buffer].fixeol = fixes
  -- What Vim says, without where in the plugin it was said.
  return saved, not saved and (tostring(problem):match('Vim%b():([^\n]*)') or tostring(problem)) or nil
end

---@param edit agent.BufferEdit
---@param buffer integer
---@param daemon vim.lsp.Client
---@return agent.BufferOutcome
local function apply(edit, buffer, daemon)
  local ends = vim.bo[buffer].eol
  break_undo(buffer)
  local ok, problem = pcall(put, edit.edits, buffer, daemon.offset_encoding)
  break_undo(buffer)
  if not ok then -- all or nothing
    vim.bo[buffer].eol = ends
    vim.api.nvim_buf_call(buffer, function()
      vim.cmd('silent! undo')
    end)
  end
  if buffer == vim.api.nvim_get_current_buf() and vim.api.nvim_get_mode().mode:find('^[iR]') then
    -- Insert mode saves lines for undo when it is told that a step begins.
    vim.api.nvim_feedkeys(vim.keycode('<C-g>u'), 'ni', false)
  end
  if vim.bo[buffer].eol ~= ends or vim.fn.getbufoneline(buffer, 1) == '' and vim.api.nvim_buf_line_count(buffer) == 1 then
    tell(daemon, buffer)
  end
  if not ok then
    return { uri = edit.uri, applied = false, error = tostring(problem) }
  end
  local outcome = { uri = edit.uri, applied = true, saved = false }
  outcome.version, outcome.hash = vim.lsp.util.buf_versions[buffer], M.hash(buffer)
  if edit.save then
    outcome.saved, outcome.error = save(buffer)
    if not outcome.saved then
      local name = client.short(vim.api.nvim_buf_get_name(buffer))
      client.notify(('%s has the change and could not be saved: %s'):format(name, outcome.error), vim.log.levels.WARN)
    end
    local after = M.hash(buffer)
    if outcome.saved and after ~= outcome.hash then -- nobody types while Neovim writes
      outcome.formatted = after
    end
  end
  return outcome
end

---@param params agent.BuffersApplyParams
---@param client_id integer
---@return agent.BuffersApplyResult
function M.apply(params, client_id)
  local daemon = assert(vim.lsp.get_client_by_id(client_id))
  local buffers, whys = {}, {}
  for at, edit in ipairs(params.edits) do
    buffers[at] = find(edit.uri, daemon)
    whys[at] = refusal(edit, buffers[at])
  end
  local fits, files = next(whys) == nil, {}
  for at, edit in ipairs(params.edits) do
    local why = whys[at] or 'another file of this edit was changed'
    files[at] = fits and apply(edit, buffers[at], daemon)
      or { uri = edit.uri, applied = false, error = why }
  end
  return { files = files }
end

---@param buffer integer
---@return boolean changed Whether the disk has another file than the one that the buffer was read from.
local function changed_beneath(buffer)
  local changed = false
  -- To write such a buffer would ask the user, in the middle of what they do.
  local watch = vim.api.nvim_create_autocmd('FileChangedShell', {
    buffer = buffer,
    callback = function()
      changed, vim.v.fcs_choice = true, ''
    end,
  })
  vim.cmd('silent! checktime ' .. buffer)
  vim.api.nvim_del_autocmd(watch)
  return changed
end

---Saves files before a command runs. One that another program changed on the disk meanwhile stays as it is there.
---@param params agent.BuffersSaveParams
---@param client_id integer
---@return agent.BuffersSaveResult
function M.save(params, client_id)
  local daemon = assert(vim.lsp.get_client_by_id(client_id))
  local function one(uri)
    local buffer = find(uri, daemon)
    if not buffer or not vim.api.nvim_buf_is_loaded(buffer) then
      return { uri = uri, saved = false, error = 'the file is not open' }
    elseif not vim.bo[buffer].modified then
      return { uri = uri, saved = false, error = 'the buffer is older than the file' }
    elseif changed_beneath(buffer) then
      local name = client.short(vim.api.nvim_buf_get_name(buffer))
      client.notify(name .. ' was changed on the disk; its buffer is not saved', vim.log.levels.WARN)
      return { uri = uri, saved = false, error = 'the file was changed on the disk' }
    end
    local saved, problem = save(buffer)
    return { uri = uri, saved = saved, error = problem }
  end
  return { files = vim.tbl_map(one, params.uris) }
end

---@param root string
---@return table<integer, boolean> attached The project's buffers that the daemon knows.
local function attached(root)
  local daemon = client.find(root)
  return daemon and daemon.client and daemon.client.attached_buffers or {}
end

---Reads again what was changed on the disk beneath unmodified buffers.
---@param root string
function M.read_again(root)
  for buffer in pairs(attached(root)) do
    if vim.api.nvim_buf_is_loaded(buffer) and not vim.bo[buffer].modified then
      vim.cmd('silent! checktime ' .. buffer)
    end
  end
end

---Lets go of the buffers of files that are about to be removed: their text stays, as the user's.
---@param root string
---@param paths string[]
---@return table<string, true> kept The files that must not go: their buffers hold what is not saved.
function M.release(root, paths)
  local kept = {}
  for _, buffer in ipairs(vim.tbl_keys(attached(root))) do
    local path = client.real(vim.api.nvim_buf_get_name(buffer))
    if vim.tbl_contains(paths, path) and vim.bo[buffer].modified then
      kept[path] = true
      client.notify(client.short(path) .. ' has unsaved changes; save or close it first', vim.log.levels.WARN)
    elseif vim.tbl_contains(paths, path) then
      vim.lsp.buf_detach_client(buffer, client.find(root).client.id)
    end
  end
  return kept
end

---Brings the buffers in line with the disk after files were written or removed there.
---@param root string
---@param gone string[] Those that were to be removed.
function M.settle(root, gone)
  M.read_again(root)
  client.attach(root)
  for _, path in ipairs(gone) do
    if not vim.uv.fs_stat(path) and vim.fn.bufloaded(path) == 1 then
      client.notify(client.short(path) .. ' is removed; its buffer stays')
    end
  end
end

return M
