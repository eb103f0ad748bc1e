-- Questions: a float with all of what a yes would allow, and the keys that answer it.
local client = require('quillon.client')
local M = {}

local IGNORE_NS = 300e6 -- keys that were typed before the question was seen answer nothing

---@type { window: integer, question: agent.Question, since: integer }?
local float

---Characters that hide or reorder others: controls, soft hyphen, fillers, zero width, bidi, tags.
local HIDING = {
  { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f }, { 0x61c, 0x61c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
  { 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
  { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
}

---The text with what cannot be seen written out; tabs and line feeds stay.
---@param text string
---@return string
function M.visible(text)
  return (text:gsub('[%z\1-\8\11-\31\127\194-\244][\128-\191]*', function(character)
    local code = vim.fn.char2nr(character)
    local hides = code < 32 or vim.iter(HIDING):any(function(range)
      return range[1] <= code and code <= range[2]
    end)
    return hides and ('<u+%04x>'):format(code) or nil
  end))
end

---@param uri agent.Uri
local function path(uri)
  return vim.startswith(uri, 'file:') and vim.uri_to_fname(uri) or uri
end

---@type table<string, fun(subject: any): string>
local subjects = {
  command = function(subject)
    return ('in %s, at most %d s:\n\n%s'):format(path(subject.cwd), subject.timeLimitMs / 1000, subject.command)
  end,
  edit = function(subject)
    return vim.iter(subject.files):map(function(file)
      return ('%s %s (+%d -%d)\n%s'):format(file.change, path(file.uri), file.added, file.removed, file.diff)
    end):join('\n')
  end,
  path = function(subject)
    local searched = subject.pattern and ' for ' .. subject.pattern or ''
    return subject.access .. searched .. ':\n' .. vim.iter(subject.uris):map(path):join('\n')
  end,
  text = function(subject)
    return subject.text
  end,
}

local KINDS = { o = 'allowOnce', a = 'allowAlways', n = 'rejectOnce', N = 'rejectOnce' }

---@param question agent.Question
---@param key string
---@return agent.Choice[]
local function choices(question, key)
  return vim.tbl_filter(function(choice)
    return choice.kind == KINDS[key] and (subjects[question.subject.type] ~= nil or choice.id == question.default)
  end, question.choices)
end

---@param question agent.Question
---@return string[]
local function lines(question)
  local text = { question.title, question.reason, '' }
  for _, key in ipairs({ 'o', 'a', 'n' }) do
    for _, choice in ipairs(choices(question, key)) do
      table.insert(text, ('%s  %s%s'):format(key, choice.label, choice.rule and ': ' .. choice.rule or ''))
    end
  end
  vim.list_extend(text, { 'N  no, with a reason    q  later (:Quillon answer)', '' })
  local subject = subjects[question.subject.type]
  table.insert(text, subject and subject(question.subject) or 'This version cannot show what is asked, so it cannot be allowed.')
  return vim.split(M.visible(table.concat(text, '\n')), '\n')
end

---Hides the question; it stays open.
function M.close()
  if float and vim.api.nvim_win_is_valid(float.window) then
    vim.api.nvim_win_close(float.window, true)
  end
  float = nil
end

---@param session quillon.Session
---@param question agent.Question
---@param choice agent.Choice
---@param note? string
local function send(session, question, choice, note)
  M.close()
  local params = { sessionId = session.id, questionId = question.questionId, choice = choice.id, note = note }
  client.request(session.root, 'agent/answer', params, function(_, err)
    if err then
      M.refresh(session)
    end
  end)
end

---@param session quillon.Session
---@param question agent.Question
---@param key "o"|"a"|"n"|"N"
local function answer(session, question, key)
  local found = choices(question, key)
  if not float or vim.uv.hrtime() - float.since < IGNORE_NS or #found == 0 then
    return
  elseif #found > 1 then
    return vim.ui.select(found, { prompt = question.title, format_item = function(choice)
      return choice.rule or choice.label
    end }, function(choice)
      if choice then
        send(session, question, choice)
      end
    end)
  elseif key ~= 'N' then
    return send(session, question, found[1])
  end
  vim.ui.input({ prompt = 'No, because: ' }, function(note)
    if note then
      send(session, question, found[1], note)
    end
  end)
end

---@param session quillon.Session
---@param question agent.Question
---@param focus boolean
local function open(session, question, focus)
  local text = lines(question)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, true, text)
  vim.b[buffer].quillon_root = session.root
  vim.bo[buffer].modifiable, vim.bo[buffer].bufhidden, vim.bo[buffer].syntax = false, 'wipe', 'diff'
  for key in pairs(KINDS) do
    vim.keymap.set('n', key, function()
      answer(session, question, key)
    end, { buffer = buffer, nowait = true })
  end
  for _, key in ipairs({ 'q', '<Esc>' }) do
    vim.keymap.set('n', key, M.close, { buffer = buffer, nowait = true })
  end
  local width = math.max(20, math.min(100, vim.o.columns - 4))
  local height = math.max(3, math.min(#text, math.floor(vim.o.lines * 0.7)))
  local window = vim.api.nvim_open_win(buffer, focus, {
    relative = 'editor', style = 'minimal', border = 'rounded', width = width, height = height,
    row = math.max(0, (vim.o.lines - height) / 2 - 2), col = (vim.o.columns - width) / 2,
    title = (' Quillon asks, 1 of %d '):format(#session.questions), footer = ' o once  a always  n no  N why not  q later ',
  })
  vim.wo[window][0].wrap = true
  vim.cmd.redraw() -- the time runs from when it can be seen, however long the editor was busy
  float = { window = window, question = question, since = vim.uv.hrtime() }
end

---Shows the oldest open question, or closes the float where none is left.
---@param session quillon.Session
---@param asked_for? boolean The user wants to answer.
---@return boolean shown
function M.refresh(session, asked_for)
  local question = session.questions[1]
  if float and question and float.question.questionId == question.questionId and not asked_for then
    return true
  end
  M.close()
  if not question then
    return false
  end
  local in_chat = vim.b.quillon_root == session.root and vim.api.nvim_get_mode().mode == 'n'
  open(session, question, asked_for or in_chat)
  if not asked_for and not in_chat then
    client.notify('asks: ' .. M.visible(question.title) .. ' (:Quillon answer)', vim.log.levels.WARN)
  end
  return true
end

return M
