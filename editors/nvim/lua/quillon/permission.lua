-- Questions: a float with all of what a yes would allow, and the keys that answer it.
local client = require('quillon.client')
local M = {}

local IGNORE_NS = 300e6 -- keys that were typed before the question was seen answer nothing

---@class quillon.Asking
---@field window integer
---@field question agent.Question
---@field since integer

---The question that is shown, by its project.
---@type table<string, quillon.Asking>
local floats = {}

---The question whose answer is on its way, by its project: the next one is for the same keys.
---@type table<string, agent.QuestionId>
local sent = {}

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

---@type table<string, fun(subject: any): string>
local subjects = {
  command = function(subject)
    return ('in %s, at most %d s:\n\n%s'):format(client.path(subject.cwd), subject.timeLimitMs / 1000, subject.command)
  end,
  edit = function(subject)
    return vim.iter(subject.files):map(function(file)
      return ('%s %s (+%d -%d)\n%s'):format(file.change, client.path(file.uri), file.added, file.removed, file.diff)
    end):join('\n')
  end,
  path = function(subject)
    local searched = subject.pattern and ' for ' .. subject.pattern or ''
    return subject.access .. searched .. ':\n' .. vim.iter(subject.uris):map(client.path):join('\n')
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

---Hides a project's question; it stays open.
---@param root string
function M.close(root)
  local float = floats[root]
  floats[root] = nil
  if float and vim.api.nvim_win_is_valid(float.window) then
    vim.api.nvim_win_close(float.window, true)
  end
end

---@param session quillon.Session
---@param question agent.Question
---@param choice agent.Choice
---@param note? string
local function send(session, question, choice, note)
  M.close(session.root)
  sent[session.root] = question.questionId
  local params = { sessionId = session.id, questionId = question.questionId, choice = choice.id, note = note }
  client.request(session.root, 'agent/answer', params, function(_, err)
    if err then
      sent[session.root] = nil
      M.refresh(session)
    end
  end)
end

---@param session quillon.Session
---@param question agent.Question
---@param key "o"|"a"|"n"|"N"
local function answer(session, question, key)
  local found, float = choices(question, key), floats[session.root]
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
---@return string
local function title(session)
  return (' Quillon asks, 1 of %d '):format(#session.questions)
end

---@param session quillon.Session
---@param question agent.Question
---@param focus boolean
local function open(session, question, focus)
  local function later()
    M.close(session.root)
  end
  local keys = { q = later, ['<Esc>'] = later }
  for key in pairs(KINDS) do
    keys[key] = function()
      answer(session, question, key)
    end
  end
  local window = require('quillon.float').open(lines(question), {
    root = session.root, focus = focus, keys = keys,
    title = title(session), footer = ' o once  a always  n no  N why not  q later ',
  })
  vim.cmd.redraw() -- the time runs from when it can be seen, however long the editor was busy
  floats[session.root] = { window = window, question = question, since = vim.uv.hrtime() }
end

---Shows the oldest open question, or closes the float where none is left.
---@param session quillon.Session
---@param asked_for? boolean The user wants to answer.
---@return boolean shown
function M.refresh(session, asked_for)
  local root, question = session.root, session.questions[1]
  local float, id = floats[root], question and question.questionId
  if not asked_for and id and sent[root] == id then
    return true
  elseif not asked_for and float and float.question.questionId == id then
    if vim.api.nvim_win_is_valid(float.window) then
      vim.api.nvim_win_set_config(float.window, { title = title(session) })
    end
    return true
  end
  M.close(root)
  local goes_on = sent[root] ~= nil
  sent[root] = nil
  if not question then
    return false
  end
  local here = (goes_on or vim.b.quillon_root == root) and vim.api.nvim_get_mode().mode == 'n'
  open(session, question, asked_for or here)
  if not asked_for and not here then
    client.notify('asks: ' .. M.visible(question.title) .. ' (:Quillon answer)', vim.log.levels.WARN)
  end
  return true
end

return M
