-- The way back to before a prompt: chosen, looked at, taken; and taken back.
local buffers = require('quillon.buffers')
local chat = require('quillon.chat')
local client = require('quillon.client')
local review = require('quillon.review')
local visible = require('quillon.permission').visible
local M = {}

---@class quillon.Way
---@field title string
---@field to { turnId?: agent.TurnId, restoreId?: agent.RestoreId, callId?: agent.CallId }
---@field files boolean Whether the files can go back.
---@field conversation boolean Whether what was said can.

---@param content agent.ContentBlock[]
---@return string words, agent.ContentBlock[] further
local function words(content)
  local said, further = {}, {}
  for _, block in ipairs(content) do
    table.insert(block.type == 'text' and said or further, block.type == 'text' and block.text or block)
  end
  return table.concat(said, '\n'), further
end

---@param session quillon.Session
---@param way quillon.Way
---@param preview agent.RestorePreview[]
---@param what { files: boolean, conversation: boolean }
local function go(session, way, preview, what)
  local gone = {}
  for _, file in ipairs(what.files and preview or {}) do
    if file.change == 'deleted' and not file.left then
      table.insert(gone, client.path(file.uri))
    end
  end
  if next(buffers.release(session.root, gone)) then
    return buffers.settle(session.root, {})
  end
  review.request(session, 'agent/checkpoint/restore', vim.tbl_extend('error', what, way.to), function(result)
    buffers.settle(session.root, gone)
    review.refresh(session)
    for _, left in ipairs(result.left) do
      chat.note(session, visible(client.short(client.path(left.uri)) .. ' stays: ' .. left.reason))
    end
    local stays = result.left[1] and (', not all of %d; the chat says why'):format(#result.left) or ''
    client.notify(('%d files went back%s'):format(#result.files, stays))
    if result.prompt then
      local text, further = words(result.prompt)
      chat.ask(session, further, text)
    end
  end)
end

---@param way quillon.Way
---@param preview agent.RestorePreview[]
---@return string[]
local function lines(way, preview)
  local text = { way.title, '' }
  for _, file in ipairs(preview) do
    table.insert(text, ('%s %s (+%d -%d)'):format(file.change, client.short(client.path(file.uri)), file.added, file.removed))
    vim.list_extend(text, file.left and { 'stays: ' .. file.left, file.diff } or { file.diff })
  end
  if not preview[1] then
    table.insert(text, 'No file would change.')
  end
  return vim.split(visible(table.concat(text, '\n')), '\n')
end

---Shows what a way back would do, and takes it when the user says so.
---@param session quillon.Session
---@param way quillon.Way
local function show(session, way)
  review.request(session, 'agent/checkpoint/preview', vim.deepcopy(way.to), function(result)
    local window
    local function close()
      vim.api.nvim_win_close(window, true)
    end
    local keys, footer = { q = close, ['<Esc>'] = close }, { ' q not ' }
    local function offer(key, name, what)
      table.insert(footer, #footer, (' %s %s '):format(key, name))
      keys[key] = function()
        close()
        go(session, way, result.files, what)
      end
    end
    if way.files then
      offer('f', 'files', { files = true, conversation = false })
    end
    if way.conversation then
      offer('c', 'conversation', { files = false, conversation = true })
    end
    if way.files and way.conversation then
      offer('b', 'both', { files = true, conversation = true })
    end
    window = require('quillon.float').open(lines(way, result.files), {
      root = session.root, focus = true, keys = keys, title = ' Go back? ', footer = table.concat(footer),
    })
  end)
end

---Lets the user choose a prompt to go back to.
---@param session quillon.Session
function M.choose(session)
  if not session.id then
    return client.notify('there is nothing to go back to')
  end
  review.request(session, 'agent/checkpoint/list', {}, function(result)
    if not result.checkpoints[1] then
      return client.notify('there is nothing to go back to')
    end
    local newest_first = vim.iter(result.checkpoints):rev():totable()
    vim.ui.select(newest_first, { prompt = 'Back to before', format_item = function(one)
      local text = visible(vim.trim(words(one.content))):gsub('\n', ' ')
      return ('%s  %d files  %s'):format(one.at:sub(12, 16), one.files, text)
    end }, function(one)
      if one then
        local title = 'Back to before: ' .. words(one.content)
        show(session, { title = title, to = { turnId = one.turnId }, files = true, conversation = one.conversation })
      end
    end)
  end)
end

---Takes the agent's last edit back, and nothing else.
---@param session quillon.Session
function M.edit(session)
  local last = session.edits[#session.edits]
  if not last then
    return client.notify('there is no edit to take back')
  end
  show(session, { title = 'Take the last edit back', to = { callId = last }, files = true, conversation = false })
end

---Takes the last way back back.
---@param session quillon.Session
function M.undo(session)
  local last = session.restored
  if not last then
    return client.notify('nothing was taken back')
  end
  show(session, {
    title = 'Take the last way back back', to = { restoreId = last.restoreId },
    files = last.files, conversation = last.conversation,
  })
end

return M
