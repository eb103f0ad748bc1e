-- What the agent has changed and nobody has looked at yet: asked for, shown in open buffers, gone through.
local buffers = require('quillon.buffers')
local client = require('quillon.client')
local marks = require('quillon.marks')
local sessions = require('quillon.session')
local M = {}

local PAUSE_MS = 150 -- of the typing, before its changes are looked at
local KEYS = { [']h'] = { step = 1, desc = 'Next hunk of Quillon' }, ['[h'] = { step = -1, desc = 'Previous hunk of Quillon' } }

---Buffers that are looked at again when they change.
---@type table<integer, { session: quillon.Session, changes: integer }>
local watched = {}

---What was asked for the files of projects, and whether it is to be asked again.
---@type table<string, { daemon: vim.lsp.Client, again: boolean }>
local asking = {}

---@param session quillon.Session
---@param method string
---@param params table
---@param done fun(result: any)
function M.request(session, method, params, done)
  local id = session.id
  params.sessionId = id
  client.request(session.root, method, params, function(result)
    if result and session.id == id then
      done(result)
    end
  end)
end

---@param buffer integer
---@param key string
---@return string? desc Of the buffer's own mapping, where there is one.
local function mapped(buffer, key)
  local map = vim.iter(vim.api.nvim_buf_get_keymap(buffer, 'n')):find(function(one)
    return one.lhs == key
  end)
  return map and (map.desc or '')
end

---@param buffer integer
local function forget(buffer)
  watched[buffer] = nil
  for key, does in pairs(vim.api.nvim_buf_is_valid(buffer) and KEYS or {}) do
    if mapped(buffer, key) == does.desc then
      vim.keymap.del('n', key, { buffer = buffer })
    end
  end
  marks.clear(buffer)
end

---Looks again once a buffer was changed and then rests.
---@param session quillon.Session
---@param buffer integer
local function watch(session, buffer)
  if watched[buffer] then
    return
  end
  local own = { session = session, changes = 0 }
  watched[buffer] = own
  local function changed()
    if watched[buffer] ~= own then
      return true -- is not told any more
    end
    own.changes = own.changes + 1
    local count = own.changes
    vim.defer_fn(function()
      if watched[buffer] == own and own.changes == count and session.id and vim.api.nvim_buf_is_loaded(buffer) then
        M.look(session, buffer)
      end
    end, PAUSE_MS)
  end
  vim.api.nvim_buf_attach(buffer, false, { on_lines = changed, on_reload = changed, on_detach = function()
    if watched[buffer] == own then -- its keys and marks have gone
      watched[buffer] = nil
      marks.forget(buffer)
    end
  end })
end

---@param result agent.ReviewFileResult
---@return quillon.Found
local function found_in(result)
  local file = result.file --[[@as agent.ReviewedFile]]
  if not result.hunks[1] then
    local new = { start = 0, ['end'] = file.change == 'created' and file.added or 0 }
    result.hunks = { { old = { start = 0, ['end'] = 0 }, new = new, oldText = '', newText = '', mixed = false } }
  end
  return result --[[@as quillon.Found]]
end

---@param session quillon.Session
---@param buffer integer
---@param found quillon.Found
local function show(session, buffer, found)
  if found.file.version and found.file.version ~= buffers.hash(buffer) then
    return -- it is being changed, and will be looked at again
  end
  marks.show(buffer, found)
  for key, does in pairs(KEYS) do
    if not mapped(buffer, key) then -- the user's own stay
      vim.keymap.set('n', key, function()
        M.go(session, does.step)
      end, { buffer = buffer, desc = does.desc })
    end
  end
end

---Asks for the changes in a buffer, and shows them.
---@param session quillon.Session
---@param buffer integer
---@param done? fun(found?: quillon.Found)
function M.look(session, buffer, done)
  watch(session, buffer)
  local uri = vim.uri_from_fname(client.real(vim.api.nvim_buf_get_name(buffer)))
  M.request(session, 'agent/review/file', { uri = uri }, function(result)
    local found = result.file and found_in(result) or nil
    if not vim.api.nvim_buf_is_loaded(buffer) then
      return
    elseif found then
      show(session, buffer, found)
    else
      forget(buffer)
    end
    if done then
      done(found)
    end
  end)
end

---@param session quillon.Session
---@param daemon vim.lsp.Client
---@param files table<string, true> Those with something to look at.
local function show_in(session, daemon, files)
  local function is_known(buffer)
    return daemon.attached_buffers[buffer] and files[client.real(vim.api.nvim_buf_get_name(buffer))]
  end
  for _, buffer in ipairs(vim.tbl_keys(watched)) do
    if watched[buffer].session == session and not is_known(buffer) then
      forget(buffer)
    end
  end
  for buffer in pairs(daemon.attached_buffers) do
    if is_known(buffer) then
      M.look(session, buffer)
    end
  end
end

---Shows in all open buffers of the project what is to be looked at.
---@param session quillon.Session
function M.refresh(session)
  local root, id = session.root, session.id
  local daemon = (client.find(root) or {}).client
  local before = asking[root]
  if not daemon then
    return
  elseif not id then
    return show_in(session, daemon, {})
  elseif before and before.daemon == daemon then
    before.again = true
    return
  end
  local own = { daemon = daemon, again = false }
  asking[root] = own
  client.request(root, 'agent/review/list', { sessionId = id }, function(result)
    if asking[root] ~= own then
      return
    end
    asking[root] = nil
    if own.again or session.id ~= id then
      return M.refresh(session)
    end
    local files = {}
    for _, file in ipairs(result and result.files or {}) do
      files[client.path(file.uri)] = true
    end
    show_in(session, daemon, files)
  end)
end

vim.api.nvim_create_autocmd('BufReadPost', {
  group = vim.api.nvim_create_augroup('quillon.review', {}),
  callback = function(event)
    for _, attached in ipairs(vim.lsp.get_clients({ name = 'quillon', bufnr = event.buf })) do
      local session = sessions.of(attached.root_dir)
      if session.id then
        M.look(session, event.buf)
      end
    end
  end,
})

---Asks for the changes of all files.
---@param session quillon.Session
---@param done fun(all: quillon.Found[]) Called only where there are any.
function M.gather(session, done)
  if not session.id then
    return client.notify('nothing is to be looked at')
  end
  M.request(session, 'agent/review/list', {}, function(list)
    local all, missing = {}, #list.files
    if missing == 0 then
      return client.notify('nothing is to be looked at')
    end
    for at, file in ipairs(list.files) do
      M.request(session, 'agent/review/file', { uri = file.uri }, function(result)
        all[at] = found_in(result.file and result or { file = file, hunks = {} })
        missing = missing - 1
        if missing == 0 then
          done(all)
        end
      end)
    end
  end)
end

---@param line integer
local function jump(line)
  vim.cmd("normal! m'")
  vim.api.nvim_win_set_cursor(0, { line, 0 })
  vim.cmd('normal! zv')
end

---Goes to the next hunk or the one before, behind the last one of a file to the next file.
---@param session quillon.Session
---@param step 1|-1
function M.go(session, step)
  local line = marks.next(vim.api.nvim_get_current_buf(), vim.fn.line('.'), step)
  if line then
    return jump(line)
  end
  M.gather(session, function(all)
    local paths = vim.iter(all):filter(function(found)
      return found.file.version ~= nil
    end):map(function(found)
      return client.path(found.file.uri)
    end):totable()
    local here = client.real(vim.api.nvim_buf_get_name(0))
    local at = vim.iter(ipairs(paths)):find(function(_, path)
      return path == here
    end) or step > 0 and 0 or 1
    local path = paths[(at - 1 + step) % #paths + 1]
    if not path then
      return client.notify('nothing is to be looked at in a text')
    end
    vim.cmd("normal! m'")
    local buffer = vim.fn.bufadd(path)
    vim.bo[buffer].buflisted = true
    local ok, problem = pcall(vim.api.nvim_win_set_buf, 0, buffer)
    if not ok then
      return client.notify(tostring(problem), vim.log.levels.ERROR)
    end
    M.look(session, buffer, function()
      local first = buffer == vim.api.nvim_get_current_buf() and marks.next(buffer, step > 0 and 0 or math.huge, step)
      if first then
        jump(first)
      end
    end)
  end)
end

return M
