-- What users call: the command `:Quillon`, its completion, and a word for the statusline.
local chat = require('quillon.chat')
local client = require('quillon.client')
local sessions = require('quillon.session')
local M = {}

---@class quillon.Command
---@field most integer How many words it takes.
---@field words? string[] Those that are offered.
---@field only? boolean Whether any other word makes a prompt of it.
---@field ranged? boolean Whether it takes a range and a bang; else lines are of a prompt.
---@field act fun(session: quillon.Session, word?: string, command: vim.api.keyset.create_user_command.command_args)

---@param decision agent.ReviewDecision
---@return quillon.Command
local function verdict(decision)
  return { most = 1, words = { 'all' }, only = true, ranged = true, act = function(session, word, command)
    local where = { all = word == 'all', file = command.bang, first = command.line1, last = command.line2 }
    require('quillon.decide').decide(session, decision, where)
  end }
end

---@type table<string, quillon.Command>
local commands = {
  answer = { most = 0, act = function(session)
    if not require('quillon.permission').refresh(session, true) then
      client.notify('no question is open')
    end
  end },
  cancel = { most = 0, act = sessions.cancel },
  diff = { most = 0, act = function(session)
    require('quillon.changes').diff(session)
  end },
  keep = verdict('keep'),
  key = { most = 1, act = function(session, word)
    require('quillon.auth').store(session, word)
  end },
  mode = { most = 1, words = { 'ask', 'edit', 'plan' }, act = function(session, word)
    sessions.set(session, 'mode', word)
  end },
  model = { most = 1, act = function(session, word)
    sessions.set(session, 'model', word)
  end },
  new = { most = 0, act = function(session)
    sessions.open(session)
  end },
  restore = { most = 1, words = { 'edit', 'undo' }, only = true, act = function(session, word)
    require('quillon.restore')[word or 'choose'](session)
  end },
  review = { most = 0, act = function(session)
    require('quillon.changes').list(session)
  end },
  sessions = { most = 0, act = sessions.choose },
  undo = verdict('undo'),
}

---@param command vim.api.keyset.create_user_command.command_args
---@return quillon.Command? named None: it is a prompt.
local function named_in(command)
  local named, word = commands[command.fargs[1]], command.fargs[2]
  local fits = named and #command.fargs - 1 <= named.most and (named.ranged or command.range == 0)
  return fits and (not word or not named.only or vim.tbl_contains(named.words, word)) and named or nil
end

---`:Quillon …`; see |quillon-commands|.
---@param command vim.api.keyset.create_user_command.command_args
function M.command(command)
  local session, named = sessions.of(), named_in(command)
  if command.bang and not (named and named.ranged) then
    return client.notify('! goes with keep and undo', vim.log.levels.ERROR)
  elseif named then
    return named.act(session, command.fargs[2], command)
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
