-- What users call: the command `:Quillon`, its completion, and a word for the statusline.
local chat = require('quillon.chat')
local client = require('quillon.client')
local sessions = require('quillon.session')
local M = {}

---The commands: how many words they take, and what they do.
---@type table<string, { most: integer, words?: string[], act: fun(session: quillon.Session, word?: string) }>
local commands = {
  answer = { most = 0, act = function(session)
    if not require('quillon.permission').refresh(session, true) then
      client.notify('no question is open')
    end
  end },
  cancel = { most = 0, act = sessions.cancel },
  mode = { most = 1, words = { 'ask', 'edit', 'plan' }, act = function(session, word)
    sessions.set(session, 'mode', word)
  end },
  model = { most = 1, act = function(session, word)
    sessions.set(session, 'model', word)
  end },
  new = { most = 0, act = function(session)
    sessions.open(session)
  end },
  sessions = { most = 0, act = sessions.choose },
}

---`:Quillon …`; see |quillon-commands|.
---@param command vim.api.keyset.create_user_command.command_args
function M.command(command)
  local session, words = sessions.of(), command.fargs
  local named = command.range == 0 and commands[words[1]]
  if named and #words - 1 <= named.most then
    return named.act(session, words[2])
  end
  local selection = {}
  if command.range > 0 then
    local lines = vim.api.nvim_buf_get_lines(0, command.line1 - 1, command.line2, true)
    local uri = ('%s#L%d-L%d'):format(vim.uri_from_bufnr(0), command.line1, command.line2)
    selection = { { type = 'resource', uri = uri, text = table.concat(lines, '\n') .. '\n' } }
  end
  chat.open(session)
  sessions.wake(session)
  if command.args ~= '' then
    sessions.prompt(session, vim.list_extend({ { type = 'text', text = command.args } }, selection))
  elseif command.range > 0 then
    chat.ask(session, selection)
  end
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = vim.split(line:gsub('^.-Quillon!?%s+', ''), '%s+')
  local named = commands[before[1]]
  local offered = #before == 1 and vim.tbl_keys(commands) or #before == 2 and named and named.words or {}
  table.sort(offered)
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, offered)
end

---A word for the statusline, for the project of the current buffer. Starts nothing.
---@return "off"|"starting"|"idle"|"running"|"waiting"|"lost"
function M.status()
  return sessions.of().state
end

return M
