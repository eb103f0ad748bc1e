-- What the editor shows when a prompt is given: the daemon tells the model of it, within a budget.
local client = require('quillon.client')

local M = {}

local DIAGNOSTICS_MAX = 100 -- the daemon names far fewer; it chooses

---@param line integer from 0
---@param character? integer
---@return agent.Position
local function at(line, character)
  return { line = line, character = character or 0 }
end

---@param root string
---@return integer? window The one that the user is in, or was in before the chat.
local function window(root)
  local tried = { vim.api.nvim_get_current_win(), vim.fn.win_getid(vim.fn.winnr('#')) }
  return vim.iter(vim.list_extend(tried, vim.api.nvim_tabpage_list_wins(0))):find(function(one)
    return vim.api.nvim_win_is_valid(one) and client.is_of(root, vim.api.nvim_win_get_buf(one))
  end)
end

---@param root string
---@return agent.ActiveDocument?
local function active(root)
  local shown = window(root)
  if not shown then
    return nil
  end
  local buffer, cursor = vim.api.nvim_win_get_buf(shown), vim.api.nvim_win_get_cursor(shown)
  local first, last = vim.fn.line('w0', shown), vim.fn.line('w$', shown)
  return {
    uri = vim.uri_from_bufnr(buffer),
    position = at(cursor[1] - 1, cursor[2]),
    visible = first > 0 and { start = at(first - 1), ['end'] = at(last) } or nil,
  }
end

---@param buffer integer
---@return agent.ContextDiagnostic[]
local function diagnostics(buffer)
  return vim.tbl_map(function(one)
    local range = { start = at(one.lnum, one.col), ['end'] = at(one.end_lnum or one.lnum, one.end_col or one.col) }
    return { uri = vim.uri_from_bufnr(buffer), range = range, severity = one.severity, message = one.message }
  end, vim.diagnostic.get(buffer))
end

---@param root string
---@return agent.EditorContext? context None where nothing of the project is open, or the user wants none (`g:quillon_context`).
function M.of(root)
  local open = vim.tbl_filter(function(info)
    return client.is_of(root, info.bufnr)
  end, vim.fn.getbufinfo({ bufloaded = 1, buflisted = 1 }))
  if vim.g.quillon_context == false or #open == 0 then
    return nil
  end
  table.sort(open, function(left, right)
    return left.lastused > right.lastused
  end)
  local context = { active = active(root), open = {}, diagnostics = {} }
  for _, info in ipairs(open) do
    table.insert(context.open, vim.uri_from_bufnr(info.bufnr))
    vim.list_extend(context.diagnostics, diagnostics(info.bufnr))
  end
  context.diagnostics = vim.list_slice(context.diagnostics, 1, DIAGNOSTICS_MAX)
  return context
end

return M
