-- The chat window of a session: each thing that happened is an item of some lines, which change in place.
local sessions = require('quillon.session')
local visible = require('quillon.permission').visible
local M = {}

---@class quillon.Chat
---@field buffer integer
---@field items quillon.Item[] In order.
---@field back table<agent.RestoreId, quillon.Item[]> What each way back took away, or brought again.
---@field scheduled boolean Whether the items will be written.

---@class quillon.Item
---@field key string
---@field text string
---@field shown string[]
---@field turn? agent.TurnId The turn that it begins.
---@field hidden? boolean

---@type table<string, quillon.Chat>
local chats = {}

local MARK = { pending = '·', asked = '?', running = '…', done = '✓', failed = '✗', denied = '⊘' }

---@param chat quillon.Chat
local function write(chat)
  chat.scheduled = false
  local follows = vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_cursor(window)[1] == vim.api.nvim_buf_line_count(chat.buffer)
  end, vim.fn.win_findbuf(chat.buffer))
  vim.bo[chat.buffer].modifiable = true
  local row = 0
  for _, item in ipairs(chat.items) do
    local joins = item.key:find('^call:') or item.key == 'header' -- calls are one list
    local text = item.key:find('^thought:') and '> ' .. item.text:gsub('\n', '\n> ') or item.text
    local lines = (item.text == '' or item.hidden) and {} or vim.split((joins and '' or '\n') .. text, '\n')
    local same = 0
    while same < #lines and lines[same + 1] == item.shown[same + 1] do
      same = same + 1
    end
    if same < #lines or #lines ~= #item.shown then
      local rest = vim.list_slice(lines, same + 1)
      vim.api.nvim_buf_set_lines(chat.buffer, row + same, row + #item.shown, true, rest)
      item.shown = lines
    end
    row = row + #lines
  end
  vim.bo[chat.buffer].modifiable = false
  vim.iter(follows):each(function(window)
    vim.api.nvim_win_set_cursor(window, { row + 1, 0 })
  end)
end

---@param session quillon.Session
---@return quillon.Chat
local function chat_of(session)
  local chat = chats[session.root]
  if chat and vim.api.nvim_buf_is_valid(chat.buffer) then
    return chat
  end
  local buffer = vim.api.nvim_create_buf(false, true)
  chat = { buffer = buffer, items = chat and chat.items or {}, back = chat and chat.back or {}, scheduled = false }
  vim.iter(chat.items):each(function(item)
    item.shown = {}
  end)
  chats[session.root] = chat
  vim.api.nvim_buf_set_name(buffer, 'quillon://' .. session.root)
  vim.b[buffer].quillon_root = session.root
  vim.bo[buffer].filetype, vim.bo[buffer].modifiable = 'markdown', false
  for _, key in ipairs({ 'i', 'a', '<CR>' }) do
    vim.keymap.set('n', key, function()
      if key ~= '<CR>' or not require('quillon.permission').refresh(session, true) then
        M.ask(session)
      end
    end, { buffer = buffer, nowait = true, desc = 'Give Quillon a prompt, or answer it' })
  end
  M.header(session)
  return chat
end

---@param session quillon.Session
---@param key string
---@param text string|fun(before: string): string
---@return quillon.Item?
local function put(session, key, text)
  local chat = chat_of(session)
  local item = vim.iter(chat.items):rfind(function(one)
    return one.key == key
  end)
  if not item and text == '' then
    return
  elseif not item then
    item = { key = key, text = '', shown = {} }
    table.insert(chat.items, item)
  end
  item.text = type(text) == 'function' and text(item.text) or text --[[@as string]]
  if not chat.scheduled then
    chat.scheduled = true
    vim.schedule(function()
      if vim.api.nvim_buf_is_valid(chat.buffer) then
        write(chat)
      end
    end)
  end
  return item
end

---Takes an item away; another one of its key comes last.
---@param session quillon.Session
---@param key string
local function drop(session, key)
  put(session, key, '')
  for _, item in ipairs(chat_of(session).items) do
    item.key = item.key == key and '' or item.key
  end
end

---@param session quillon.Session
function M.header(session)
  if chats[session.root] then
    local state = session.state == 'starting' and 'starting …' or session.state
    local words = { session.title or 'Quillon', session.model, session.mode and 'mode ' .. session.mode, state }
    put(session, 'header', '# ' .. visible(vim.iter(pairs(words)):map(function(_, word)
      return word
    end):join(' · ')))
  end
end

---@param session quillon.Session
function M.clear(session)
  for _, item in ipairs(chat_of(session).items) do
    drop(session, item.key)
  end
  chat_of(session).back = {}
  M.header(session)
end

---@param content agent.ContentBlock[]
---@return string
local function words(content)
  local said = vim.iter(content):filter(function(block)
    return block.type ~= 'editor' -- what the daemon tells the model of the editor
  end)
  return said:map(function(block)
    return block.text and not block.uri and block.text or '> ' .. visible(block.uri or block.description or '…')
  end):join('\n')
end

---@param session quillon.Session
---@param id agent.PromptId
---@param content? agent.ContentBlock[] Absent: only the heading changes.
---@param note? string
---@return quillon.Item?
local function prompt(session, id, content, note)
  return put(session, 'prompt:' .. id, function(before)
    local text = content and words(content) or before:match('^[^\n]*\n\n(.*)$') or ''
    return ('## You%s\n\n%s'):format(note and ' (' .. note .. ')' or '', text)
  end)
end

---Shows a prompt that was not taken, so that its words are not lost.
---@param session quillon.Session
---@param params agent.PromptParams
---@param problem string
function M.refused(session, params, problem)
  prompt(session, params.promptId, params.content, 'not sent: ' .. visible(problem))
end

---@param session quillon.Session
---@param id? agent.CallId
---@param state string
---@param detail? string
local function call(session, id, state, detail)
  local line = vim.trim((detail or ''):match('[^\n]*'))
  local title = (session.calls[id] or { title = 'call' }).title
  put(session, 'call:' .. (id or ''), visible(('- %s %s (%s)%s'):format(
    MARK[state] or '–', title, state, line ~= '' and ': ' .. line or '')))
end

---@param blocks agent.ReplyBlock[]
---@param kind string
---@return string
local function joined(blocks, kind)
  return vim.iter(blocks):filter(function(block)
    return block.type == kind
  end):map(function(block)
    return block.text
  end):join('')
end

---@param session quillon.Session
---@param event agent.MessagePiece|agent.ThoughtPiece
local function stream(session, event)
  put(session, 'retry:' .. event.messageId, '')
  put(session, event.type .. ':' .. event.messageId, function(before)
    return before:sub(1, event.offset) .. event.delta
  end)
end

---@param chat quillon.Chat
---@param turn agent.TurnId
---@return quillon.Item[] items What is shown of a turn and all behind it.
local function since(chat, turn)
  local begun = false
  return vim.tbl_filter(function(item)
    begun = begun or item.turn == turn
    return begun and not item.hidden
  end, chat.items)
end

---@type table<string, fun(session: quillon.Session, event: any, told: agent.SessionEvent)>
local shows = {
  promptQueued = function(session, event)
    prompt(session, event.promptId, event.content, 'waits')
  end,
  promptChanged = function(session, event)
    prompt(session, event.promptId, event.content, 'waits')
  end,
  promptRemoved = function(session, event)
    prompt(session, event.promptId, nil, 'not sent: ' .. event.reason)
  end,
  promptTaken = function(session, event)
    prompt(session, event.promptId)
  end,
  turnStarted = function(session, event, told)
    drop(session, 'prompt:' .. event.promptId)
    prompt(session, event.promptId, event.content).turn = told.turnId
  end,
  restored = function(session, event, told)
    local back = chat_of(session).back
    if event.conversation then
      back[event.restoreId] = event.turnId and since(chat_of(session), event.turnId) or back[event.undone] or {}
      for _, item in ipairs(back[event.restoreId]) do
        item.hidden = not item.hidden
      end
    end
    put(session, 'fact:' .. told.seq, '*' .. visible(told.summary or '') .. '*')
  end,
  message = stream,
  thought = stream,
  replied = function(session, event)
    local id = event.messageId
    local text = joined(event.blocks, 'text')
    put(session, 'retry:' .. id, '')
    put(session, 'thought:' .. id, joined(event.blocks, 'thought'))
    put(session, 'message:' .. id, text)
    for _, block in ipairs(event.blocks) do
      if block.type == 'call' then
        call(session, block.callId, 'pending')
      end
    end
  end,
  retrying = function(session, event)
    put(session, 'thought:' .. event.messageId, '')
    put(session, 'message:' .. event.messageId, '')
    put(session, 'retry:' .. event.messageId, ('*Attempt %d follows: %s*'):format(event.attempt, event.reason))
  end,
  asked = function(session, event)
    call(session, event.question.callId, 'asked', event.question.title)
  end,
  callStarted = function(session, event)
    call(session, event.callId, 'running')
  end,
  callOutput = function(session, event)
    call(session, event.callId, 'running', vim.trim(event.delta):match('[^\n]*$'))
  end,
  callEnded = function(session, event)
    local first, exit = event.content[1], event.exit
    if exit and exit.code ~= 0 then
      return call(session, event.callId, 'failed', exit.code and 'exit code ' .. exit.code or exit.signal or exit.kind)
    end
    call(session, event.callId, event.outcome, event.outcome ~= 'done' and first and first.text or '')
  end,
  plan = function(session, event, told)
    local box = { completed = '[x]', inProgress = '[-]' }
    put(session, 'plan:' .. (told.turnId or ''), vim.iter(event.entries):map(function(entry)
      return ('- %s %s'):format(box[entry.status] or '[ ]', visible(entry.content))
    end):join('\n'))
  end,
  notice = function(session, event, told)
    put(session, 'fact:' .. told.seq, ('> **%s** %s'):format(event.level, event.text))
  end,
  turnEnded = function(session, event, told)
    local why = event.error and ': ' .. event.error or ''
    put(session, 'fact:' .. told.seq, event.reason == 'finished' and '' or ('**Turn ended: %s**%s'):format(event.reason, why))
  end,
}

-- Shown in the heading, by the call, or not at all; what is unknown is shown by its summary.
for _, kind in ipairs({ 'opened', 'configured', 'title', 'answered', 'fileTouched', 'fileSettled', 'reviewed', 'briefed', 'reminded' }) do
  shows[kind] = M.header
end

---Shows an event.
---@param session quillon.Session
---@param told agent.SessionEvent
function M.show(session, told)
  local show = shows[told.event.type]
  if show then
    show(session, told.event, told)
  elseif told.seq then
    put(session, 'fact:' .. told.seq, '*' .. visible(told.summary or told.event.type) .. '*')
  end
end

---Says something which is of no session of the daemon's.
---@param session quillon.Session
---@param text string
function M.note(session, text)
  if chats[session.root] then
    put(session, 'note:' .. vim.uv.hrtime(), '*' .. text .. '*')
  end
end

---Opens the chat window of a session and goes there.
---@param session quillon.Session
function M.open(session)
  local buffer = chat_of(session).buffer
  local window = vim.fn.bufwinid(buffer)
  if window ~= -1 then
    return vim.api.nvim_set_current_win(window)
  end
  window = vim.api.nvim_open_win(buffer, true, { split = 'right', win = -1 })
  vim.wo[window][0].winbar = "Quillon: %{v:lua.require'quillon'.status()}"
  vim.wo[window][0].wrap, vim.wo[window][0].linebreak = true, true
end

---Asks the user for a prompt.
---@param session quillon.Session
---@param further? agent.ContentBlock[] What goes along.
---@param words? string To begin with, else those of a prompt that was not taken.
function M.ask(session, further, words)
  vim.ui.input({ prompt = 'Prompt: ', default = words or session.draft }, function(text)
    if text and vim.trim(text) ~= '' then
      session.draft = nil
      sessions.prompt(session, vim.list_extend({ { type = 'text', text = text } }, further or {}))
    end
  end)
end

return M
