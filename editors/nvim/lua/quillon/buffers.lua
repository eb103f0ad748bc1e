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

---@param edit agent.BufferEdit
---@param buffer integer
---@param encoding string
---@return agent.BufferOutcome
local function apply(edit, buffer, encoding)
  break_undo(buffer)
  local ok, problem = pcall(vim.lsp.util.apply_text_edits, edit.edits, buffer, encoding)
  break_undo(buffer)
  if buffer == vim.api.nvim_get_current_buf() and vim.api.nvim_get_mode().mode:find('^[iR]') then
    -- Insert mode saves lines for undo when it is told that a step begins.
    vim.api.nvim_feedkeys(vim.keycode('<C-g>u'), 'ni', false)
  end
  if not ok then
    return { uri = edit.uri, applied = false, error = tostring(problem) }
  end
  local outcome = { uri = edit.uri, applied = true, saved = false }
  if edit.save then
    outcome.saved, problem = pcall(vim.api.nvim_buf_call, buffer, function()
      vim.cmd('silent write')
    end)
    outcome.error = not outcome.saved and tostring(problem) or nil
  end
  outcome.version, outcome.hash = vim.lsp.util.buf_versions[buffer], M.hash(buffer)
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
    files[at] = fits and apply(edit, buffers[at], daemon.offset_encoding)
      or { uri = edit.uri, applied = false, error = why }
  end
  return { files = files }
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
