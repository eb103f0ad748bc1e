-- Keeping and undoing: the hunks in some lines, a file, or all.
local buffers = require('quillon.buffers')
local client = require('quillon.client')
local marks = require('quillon.marks')
local review = require('quillon.review')
local M = {}

---What is decided on a file, or on some of its hunks.
---@param found quillon.Found
---@param hunks? quillon.Hunk[] None: on all of it.
---@param decision agent.ReviewDecision
---@return agent.ReviewItem[]
local function items_of(found, hunks, decision)
  local file = found.file
  if not hunks or hunks[1] and not hunks[1].hunkId then
    return { { uri = file.uri, version = file.version, decision = decision } }
  end
  return vim.iter(hunks):map(function(hunk)
    return { uri = file.uri, version = file.version, hunkId = hunk.hunkId, decision = decision }
  end):totable()
end

---@param session quillon.Session
---@param items agent.ReviewItem[]
---@param gone string[] Files that are removed.
local function send(session, items, gone)
  local kept = buffers.release(session.root, gone)
  items = vim.tbl_filter(function(item)
    return not kept[client.path(item.uri)]
  end, items)
  if not items[1] then
    return
  end
  review.request(session, 'agent/review/decide', { items = items }, function(result)
    local whys = {}
    for at, outcome in ipairs(result.items) do
      local why = outcome.error or outcome.state == 'stale' and 'it has changed since; look again'
      if why then
        table.insert(whys, client.short(client.path(items[at].uri)) .. ': ' .. why)
      end
    end
    buffers.settle(session.root, gone)
    review.refresh(session)
    if whys[1] then
      local more = whys[2] and (' (and %d more; the chat has them)'):format(#whys - 1) or ''
      vim.iter(whys[2] and whys or {}):each(function(why)
        require('quillon.chat').note(session, why)
      end)
      client.notify(whys[1] .. more, vim.log.levels.WARN)
    end
  end)
end

---@param hunk quillon.Hunk
local function is_mixed(hunk)
  return hunk.mixed
end

---@param session quillon.Session
---@param decision agent.ReviewDecision
---@param picked { found: quillon.Found, hunks?: quillon.Hunk[] }[]
---@param spares? boolean Whether hunks that the user has typed in stay.
local function carry_out(session, decision, picked, spares)
  local items, gone = {}, {}
  for _, pick in ipairs(picked) do
    local file, hunks = pick.found.file, pick.hunks
    if spares and vim.iter(hunks or pick.found.hunks):any(is_mixed) then
      hunks = vim.iter(hunks or pick.found.hunks):filter(function(hunk)
        return not hunk.mixed
      end):totable()
    end
    vim.list_extend(items, items_of(pick.found, hunks, decision))
    if decision == 'undo' and file.change == 'created' then
      table.insert(gone, client.path(file.uri))
    end
  end
  send(session, items, gone)
end

---@param session quillon.Session
---@param decision agent.ReviewDecision
---@param picked { found: quillon.Found, hunks?: quillon.Hunk[] }[]
local function decide(session, decision, picked)
  local mixed = vim.iter(picked):any(function(pick)
    return vim.iter(pick.hunks or pick.found.hunks):any(is_mixed)
  end)
  if decision == 'keep' or not mixed then
    return carry_out(session, decision, picked)
  end
  local answers = { 'undo only what you have not typed in', 'undo all, and what you typed in it goes too' }
  vim.ui.select(answers, { prompt = 'You have typed in what would be undone' }, function(_, at)
    if at then
      carry_out(session, decision, picked, at == 1)
    end
  end)
end

---Keeps or undoes the hunks in some lines, a file, or all.
---@param session quillon.Session
---@param decision agent.ReviewDecision
---@param where { all: boolean, file: boolean, first: integer, last: integer }
function M.decide(session, decision, where)
  if where.all then
    return review.gather(session, function(all)
      decide(session, decision, vim.tbl_map(function(found)
        return { found = found }
      end, all))
    end)
  end
  local buffer = vim.api.nvim_get_current_buf()
  local function chosen(found)
    return not found and {} or where.file and found.hunks or marks.within(buffer, where.first, where.last)
  end
  -- What is typed beside a hunk gives it another name; what the user has seen of it is its lines.
  local function look_of(found, hunk)
    return hunk.hunkId and hunk.oldText .. '\0' .. hunk.newText or found.file.version or ''
  end
  local shown, seen = marks.of(buffer), {}
  for _, hunk in ipairs(chosen(shown)) do
    seen[look_of(shown, hunk)] = true
  end
  if not shown or not next(seen) then
    return client.notify('no change of Quillon is to be looked at here')
  end
  local function go(found)
    local hunks = chosen(found)
    local same = hunks[1] and vim.iter(hunks):all(function(hunk)
      return seen[look_of(found, hunk)]
    end)
    if not same then
      return client.notify('it has changed since; look again', vim.log.levels.WARN)
    end
    decide(session, decision, { { found = found, hunks = not where.file and hunks or nil } })
  end
  if not shown.file.version or shown.file.version == buffers.hash(buffer) then
    return go(shown)
  end
  review.look(session, buffer, go) -- something was typed just before, maybe elsewhere
end

return M
