-- A float with a text to read whole, and keys of its own.
local M = {}

---@class quillon.Float
---@field root string The project.
---@field title string
---@field footer string
---@field focus boolean
---@field keys table<string, fun()>

---@param lines string[]
---@param float quillon.Float
---@return integer window
function M.open(lines, float)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, lines)
  vim.b[buffer].quillon_root = float.root
  vim.bo[buffer].modifiable, vim.bo[buffer].bufhidden, vim.bo[buffer].syntax = false, 'wipe', 'diff'
  for key, act in pairs(float.keys) do
    vim.keymap.set('n', key, act, { buffer = buffer, nowait = true })
  end
  local width = math.max(20, math.min(100, vim.o.columns - 4))
  local height = math.max(3, math.min(#lines, math.floor(vim.o.lines * 0.7)))
  local window = vim.api.nvim_open_win(buffer, float.focus, {
    relative = 'editor', style = 'minimal', border = 'rounded', width = width, height = height,
    row = math.max(0, (vim.o.lines - height) / 2 - 2), col = (vim.o.columns - width) / 2,
    title = float.title, footer = float.footer,
  })
  vim.wo[window][0].wrap = true
  return window
end

return M
