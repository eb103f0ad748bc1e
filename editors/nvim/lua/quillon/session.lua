-- A project's session: what is known of it, and the requests that change it. Events go on to the chat and the questions.
local client = require('quillon.client')
local context = require('quillon.context')
local M = {}

---@class quillon.Session
---@field root string
---@field id? agent.SessionId Where one was made or opened.
---@field seq integer The number of the last fact.
---@field state "off"|"starting"|"idle"|"running"|"waiting"|"lost"
---@field held? agent.SessionEvent[] What came while attaching; to be told afterwards.
---@field making? fun()[] What waits for the session to be made.
---@field attached boolean Whether the daemon tells of it, so that prompts can go there.
---@field unsent agent.PromptParams[] Prompts whose answer has not come, in order.
---@field draft? string The words of a prompt that was not taken.
---@field questions agent.Question[] Those that are open, the oldest first.
---@field calls table<agent.CallId, { kind?: agent.CallKind, title: string }>
---@field turn? agent.TurnId The turn that runs.
---@field title? string
---@field model? string
---@field mode? string
---@field restored? agent.Restored The last way back that was taken.
---@field edits agent.CallId[] The calls that have changed files, but for those that were taken back.
---@field without table<agent.RestoreId, agent.CallId> The ways back that took one of them back.
---@field replaying boolean Whether facts come that are old.

---@type table<string, quillon.Session>
local sessions = {}

---@param root? string
---@return quillon.Session session The project's; of the current buffer's where none is named.
function M.of(root)
  root = root or client.root()
  sessions[root] = sessions[root] or M.blank({ root = root, state = 'off' })
  return sessions[root]
end

---@param session table
---@return quillon.Session session Without anything of a session of the daemon's.
function M.blank(session)
  local none = { 'id', 'held', 'making', 'turn', 'title', 'model', 'mode', 'restored' }
  for _, field in ipairs(none) do
    session[field] = nil
  end
  session.seq, session.unsent, session.questions, session.calls = 0, {}, {}, {}
  session.replaying, session.attached = false, false
  session.edits, session.without = {}, {}
  return session
end

---@param session quillon.Session
---@param state string
local function become(session, state)
  if session.state ~= state then
    session.state = state
    require('quillon.chat').header(session)
    vim.api.nvim_exec_autocmds('User', { pattern = 'QuillonStatus', modeline = false })
    vim.cmd('redrawstatus!')
  end
end

---@param session quillon.Session
local function settle(session)
  local asks = #session.questions > 0
  become(session, asks and 'waiting' or session.turn and 'running' or 'idle')
end

---What a fact changes in what is known.
---@type table<string, fun(session: quillon.Session, event: any, told: agent.SessionEvent)>
local known = {
  opened = function(session, event)
    session.model, session.mode = event.model, event.mode
  end,
  configured = function(session, event)
    if event.option == 'model' or event.option == 'mode' then
      session[event.option] = event.value
    end
  end,
  title = function(session, event)
    session.title = event.title
  end,
  turnStarted = function(session, _, told)
    session.turn = told.turnId
  end,
  turnEnded = function(session)
    session.turn = nil
  end,
  replied = function(session, event)
    for _, block in ipairs(event.blocks) do
      if block.type == 'call' then
        session.calls[block.callId] = { title = block.tool }
      end
    end
  end,
  callStarted = function(session, event)
    session.calls[event.callId] = { kind = event.kind, title = event.title }
  end,
  fileTouched = function(session, event)
    if event.callId and session.edits[#session.edits] ~= event.callId then
      table.insert(session.edits, event.callId)
    end
  end,
  restored = function(session, event)
    session.restored = event
    local back = session.without[event.undone]
    if event.callId then
      session.without[event.restoreId] = event.callId
      session.edits = vim.iter(session.edits):filter(function(call)
        return call ~= event.callId
      end):totable()
    elseif back then
      table.insert(session.edits, back)
    end
  end,
  asked = function(session, event)
    table.insert(session.questions, event.question)
  end,
  answered = function(session, event)
    session.questions = vim.iter(session.questions):filter(function(question)
      return question.questionId ~= event.questionId
    end):totable()
  end,
}

---What follows from an event that is not old, once it is shown: Neovim may ask the user about a file meanwhile.
---@type table<string, fun(session: quillon.Session, event: any)>
local follows = {
  callEnded = function(session, event)
    local kind = (session.calls[event.callId] or {}).kind
    if kind == 'edit' or kind == 'command' then
      require('quillon.review').refresh(session)
      require('quillon.buffers').read_again(session.root)
    end
  end,
  reviewed = function(session)
    require('quillon.review').refresh(session)
  end,
  restored = function(session)
    require('quillon.review').refresh(session)
  end,
  fileSettled = function(session)
    require('quillon.review').refresh(session)
  end,
  fileChanged = function(session)
    require('quillon.review').refresh(session)
    require('quillon.buffers').read_again(session.root)
  end,
}

---@param session quillon.Session
---@param told agent.SessionEvent
local function tell(session, told)
  if told.seq and told.seq <= session.seq then
    return
  end
  session.seq = told.seq or session.seq
  local event = told.event
  if known[event.type] then
    known[event.type](session, event, told)
  end
  require('quillon.chat').show(session, told)
  if told.seq and not session.replaying then
    settle(session)
    if event.type == 'asked' or event.type == 'answered' then
      require('quillon.permission').refresh(session)
    end
  end
  if follows[event.type] and not session.replaying then
    follows[event.type](session, event)
  end
end

---@param session quillon.Session
---@param params agent.PromptParams
---@param problem? string Why it was not taken.
local function settle_prompt(session, params, problem)
  session.unsent = vim.iter(session.unsent):filter(function(one)
    return one.promptId ~= params.promptId
  end):totable()
  if problem then
    require('quillon.chat').refused(session, params, problem)
    session.draft = params.content[1].text
  end
end

---@param session quillon.Session
---@param params agent.PromptParams
local function deliver(session, params)
  client.request(session.root, 'agent/prompt', params, function(_, err)
    settle_prompt(session, params, err and err.message)
  end)
end

---Brings the facts that are missing, and from then on all events.
---@param session quillon.Session
local function attach(session)
  local id = session.id
  session.held, session.replaying = session.held or {}, true
  client.request(session.root, 'agent/session/attach', { sessionId = id, after = session.seq }, function(result, err)
    if session.id ~= id then
      return
    end
    vim.iter(result and result.events or {}):each(function(event)
      tell(session, event)
    end)
    if result and result.more then
      return attach(session)
    end
    local held = session.held or {}
    session.held, session.replaying = nil, false
    vim.iter(held):each(function(event)
      tell(session, event)
    end)
    if err then
      vim.iter(session.unsent):each(function(params)
        settle_prompt(session, params, err.message)
      end)
      return become(session, 'lost')
    end
    settle(session)
    require('quillon.permission').refresh(session)
    require('quillon.review').refresh(session)
    session.attached = true
    vim.iter(session.unsent):each(function(params)
      deliver(session, params)
    end)
  end)
end

client.hooks = {
  ready = function(root)
    local session = M.of(root)
    if session.id then
      return attach(session)
    end
    become(session, 'idle')
    if session.making then
      M.make(session)
    end
  end,
  lost = function(root, again)
    local session = M.of(root)
    session.held, session.making, session.attached = nil, again and session.making or nil, false
    require('quillon.permission').close(root)
    local follows = again and 'it is started again.' or ':Quillon starts it again.'
    require('quillon.chat').note(session, 'The daemon has ended; ' .. follows)
    become(session, again and 'starting' or 'lost')
  end,
  event = function(root, event)
    local session = M.of(root)
    if session.id ~= event.sessionId then
      return
    elseif session.held then
      table.insert(session.held, event)
    else
      tell(session, event)
    end
  end,
}

---Starts the daemon if it does not run.
---@param session quillon.Session
function M.wake(session)
  local daemon = client.find(session.root)
  if not (daemon and (daemon.client or daemon.starting)) then
    become(session, 'starting')
    client.with(session.root, function() end)
  end
end

---@param session quillon.Session
---@param act fun() What needs a session; one is made where there is none.
local function with_session(session, act)
  M.wake(session)
  if session.id then
    return act()
  elseif session.making then
    return table.insert(session.making, act)
  end
  session.making = { act }
  if session.state ~= 'starting' then
    M.make(session)
  end
end

---Makes a session of the daemon's, and does what waits for it.
---@param session quillon.Session
function M.make(session)
  client.request(session.root, 'agent/session/new', { cwd = vim.uri_from_fname(session.root) }, function(result)
    local waiting = session.making or {}
    session.making = nil
    if result then
      M.open(session, result.session.sessionId)
      vim.iter(waiting):each(function(waits)
        waits()
      end)
    end
  end)
end

---Shows another session of the daemon's in place of this one.
---@param session quillon.Session
---@param id? agent.SessionId None: the next prompt makes one.
function M.open(session, id)
  if session.id then
    client.request(session.root, 'agent/session/detach', { sessionId = session.id })
  end
  local making = session.making
  M.blank(session)
  session.id, session.making = id, making
  require('quillon.permission').close(session.root)
  require('quillon.chat').clear(session)
  require('quillon.review').refresh(session)
  if id then
    return attach(session)
  end
  settle(session)
end

---Sends a prompt, at once or behind those before it when the daemon is there again.
---@param session quillon.Session
---@param content agent.ContentBlock[]
function M.prompt(session, content)
  local shown = context.of(session.root)
  with_session(session, function()
    local id = ('nvim-%d-%d'):format(vim.fn.getpid(), vim.uv.hrtime())
    local params = { sessionId = session.id, promptId = id, content = content, context = shown }
    table.insert(session.unsent, params)
    if session.attached then
      deliver(session, params)
    end
  end)
end

---@param session quillon.Session
function M.cancel(session)
  if session.id then
    client.request(session.root, 'agent/cancel', { sessionId = session.id })
  end
end

---Sets an option, or lets the user choose its value.
---@param session quillon.Session
---@param option "mode"|"model"
---@param value? string
function M.set(session, option, value)
  with_session(session, function()
    if value then
      local params = { sessionId = session.id, option = option, value = value }
      return client.request(session.root, 'agent/config/set', params)
    end
    client.request(session.root, 'agent/config/get', { sessionId = session.id }, function(result)
      local found = vim.iter(result and result.options or {}):find(function(one)
        return one.id == option
      end)
      local choices = found and found.choices or {}
      vim.ui.select(choices, { prompt = option .. ' (now ' .. (found and found.value or '?') .. ')', format_item = function(choice)
        return choice.name .. (choice.description and ': ' .. choice.description or '')
      end }, function(choice)
        if choice then
          M.set(session, option, choice.value)
        end
      end)
    end)
  end)
end

---Lets the user choose one of the project's sessions.
---@param session quillon.Session
function M.choose(session)
  client.request(session.root, 'agent/session/list', { cwd = vim.uri_from_fname(session.root) }, function(result)
    vim.ui.select(result and result.sessions or {}, { prompt = 'Session', format_item = function(one)
      return ('%s  %s  %s'):format(one.changedAt:sub(1, 16):gsub('T', ' '), one.state, one.title or one.sessionId)
    end }, function(one)
      if one then
        M.open(session, one.sessionId)
      end
    end)
  end)
end

return M
