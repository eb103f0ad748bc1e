-- The daemon of a project: started on demand, attached to the project's files, started again when it is lost.
local M = {}

local ATTEMPTS = 5 -- in a row; a daemon that ends so often will not stay
local LONGEST_WAIT_MS = 4000
local STEADY_MS = 60000 -- a daemon that lived so long has started well

---@class quillon.Daemon
---@field root string
---@field client? vim.lsp.Client Where it is ready.
---@field starting boolean
---@field attempts integer How often it was started again without living long.
---@field since integer When it was started last, in milliseconds.
---@field waiting fun(client: vim.lsp.Client)[] What to do once it is ready.

---@type table<string, quillon.Daemon>
local daemons = {}

---What the session is told.
---@type { ready: fun(root: string), lost: fun(root: string, again: boolean), event: fun(root: string, event: agent.SessionEvent) }
M.hooks = {}

---@param text string
---@param level? integer
function M.notify(text, level)
  vim.notify('Quillon: ' .. text, level or vim.log.levels.INFO)
end

---@param uri agent.Uri
---@return string
function M.path(uri)
  return vim.startswith(uri, 'file:') and vim.uri_to_fname(uri) or uri
end

---@param path string
---@return string path As short as it can be told from here.
function M.short(path)
  return vim.fn.fnamemodify(path, ':.')
end

---@param path string
---@return string path With links followed as far as it exists.
function M.real(path)
  local parent = vim.fs.dirname(path)
  return vim.uv.fs_realpath(path) or vim.fs.joinpath(vim.uv.fs_realpath(parent) or parent, vim.fs.basename(path))
end

---The roots that were looked up, by the folder they were looked up for: statuslines ask often.
---@type table<string, string|false>
local roots = {}

---@param folder string
---@return string|false
local function root_of(folder)
  if roots[folder] == nil then
    roots[folder] = vim.fs.root(folder, '.git') or false
  end
  return roots[folder]
end

---The project of the current buffer: the nearest folder with .git, else the working folder.
---@return string
function M.root()
  local name, here = vim.api.nvim_buf_get_name(0), vim.fn.getcwd()
  local of_file = vim.bo.buftype == '' and name ~= '' and root_of(vim.fs.dirname(name))
  return vim.b.quillon_root or M.real(of_file or root_of(here) or here)
end

---@param daemon quillon.Daemon
---@param buffer integer
local function detach(daemon, buffer)
  if daemon.client and daemon.client.attached_buffers[buffer] then
    vim.lsp.buf_detach_client(buffer, daemon.client.id)
  end
end

---@param root string
---@param buffer integer
---@return boolean is_of Whether it is an ordinary file of the project.
function M.is_of(root, buffer)
  local name = vim.api.nvim_buf_get_name(buffer)
  local ordinary = vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].buftype == '' and name ~= ''
  return ordinary and not name:find('^%a[%w+.-]*://') and vim.fs.relpath(root, M.real(name)) ~= nil
end

---@param daemon quillon.Daemon
---@param buffer integer
local function attach(daemon, buffer)
  if vim.bo[buffer].fileformat == 'mac' then
    -- Its lines end at CRs, which are no line ends for the daemon: what stands in the file counts.
    return detach(daemon, buffer)
  end
  if daemon.client and M.is_of(daemon.root, buffer) then
    vim.lsp.buf_attach_client(buffer, daemon.client.id)
  end
end

local group = vim.api.nvim_create_augroup('quillon.client', {})

---@param events string[]
---@param pattern? string
---@param act fun(daemon: quillon.Daemon, buffer: integer)
local function on(events, pattern, act)
  vim.api.nvim_create_autocmd(events, { group = group, pattern = pattern, callback = function(event)
    for _, daemon in pairs(daemons) do
      act(daemon, event.buf ~= 0 and event.buf or vim.api.nvim_get_current_buf()) -- an option's has no number
    end
  end })
end

on({ 'BufReadPost', 'BufNewFile', 'BufFilePost', 'BufWritePost' }, nil, attach)
on({ 'BufFilePre' }, nil, detach) -- closed by the name under which it was opened
on({ 'OptionSet' }, 'fileformat', function(daemon, buffer)
  detach(daemon, buffer) -- it tells its text by other line ends from here on
  attach(daemon, buffer)
end)

---@param daemon quillon.Daemon
---@param client vim.lsp.Client
local function ready(daemon, client)
  local agent = vim.tbl_get(client.server_capabilities, 'experimental', 'agent')
  if not agent or agent.version ~= 1 then
    daemon.waiting = {}
    M.notify('the program does not speak version 1 of the agent protocol', vim.log.levels.ERROR)
    return client:stop()
  end
  daemon.client, daemon.starting = client, false
  vim.iter(vim.api.nvim_list_bufs()):each(function(buffer)
    attach(daemon, buffer)
  end)
  require('quillon.buffers').read_again(daemon.root) -- what is not the user's text must not pass for it
  local waiting = daemon.waiting
  daemon.waiting = {}
  M.hooks.ready(daemon.root)
  for _, act in ipairs(waiting) do
    act(client)
  end
end

---@param given? any|any[]
---@return any[]
local function list(given)
  return type(given) == 'table' and vim.list_slice(given) or { given }
end

---@param daemon quillon.Daemon
local function start(daemon)
  local config = vim.deepcopy(vim.lsp.config.quillon)
  local program = type(config.cmd) == 'table' and config.cmd[1]
  if program and vim.fn.executable(program) == 0 then
    daemon.waiting, daemon.starting = {}, false
    M.notify(
      ("`%s` is no program; install Quillon or name it: vim.lsp.config('quillon', {cmd = {…, 'lsp'}})"):format(program),
      vim.log.levels.ERROR
    )
    return M.hooks.lost(daemon.root, false)
  end
  daemon.starting, daemon.since = true, vim.uv.now()
  config.name, config.root_dir = 'quillon', daemon.root
  config.handlers = vim.tbl_extend('force', config.handlers or {}, {
    ['agent/event'] = function(_, event)
      M.hooks.event(daemon.root, event)
    end,
    ['agent/sessions/changed'] = function() end,
    ['agent/buffers/apply'] = function(_, params, context)
      return require('quillon.buffers').apply(params, context.client_id)
    end,
    ['agent/buffers/save'] = function(_, params, context)
      return require('quillon.buffers').save(params, context.client_id)
    end,
  })
  config.on_init = vim.list_extend(list(config.on_init), {
    function(client)
      ready(daemon, client)
    end,
  })
  config.on_exit = vim.list_extend(list(config.on_exit), {
    vim.schedule_wrap(function(code, signal)
      M._ended(daemon, code, signal)
    end),
  })
  local own = function()
    return false
  end
  if not vim.lsp.start(config, { attach = false, reuse_client = own }) then
    daemon.waiting, daemon.starting = {}, false
    M.hooks.lost(daemon.root, false)
  end
end

---@param daemon quillon.Daemon
---@param code integer
---@param signal integer
function M._ended(daemon, code, signal)
  daemon.client, daemon.starting = nil, false
  if vim.v.exiting ~= vim.NIL then
    return
  end
  local asked_to = code == 0 and (signal == 0 or signal == 15)
  daemon.attempts = vim.uv.now() - daemon.since > STEADY_MS and 1 or daemon.attempts + 1
  local again = not asked_to and daemon.attempts <= ATTEMPTS
  M.hooks.lost(daemon.root, again)
  if again then
    daemon.starting = true
    vim.defer_fn(function()
      start(daemon)
    end, math.min(1000 * 2 ^ (daemon.attempts - 1), LONGEST_WAIT_MS))
  elseif not asked_to then
    daemon.waiting = {}
    M.notify(
      ('the daemon ended %d times in a row; :Quillon starts it again; see %s'):format(daemon.attempts, vim.lsp.log.get_filename()),
      vim.log.levels.ERROR
    )
  end
end

---@param root string
---@return quillon.Daemon? daemon Where one was ever started.
function M.find(root)
  return daemons[root]
end

---Attaches the project's open files that are there.
---@param root string
function M.attach(root)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    if daemons[root] and vim.uv.fs_stat(vim.api.nvim_buf_get_name(buffer)) then
      attach(daemons[root], buffer)
    end
  end
end

---Does something with the project's daemon, at once or when it has started.
---@param root string
---@param act fun(client: vim.lsp.Client)
function M.with(root, act)
  local daemon = daemons[root] or { root = root, attempts = 0, since = 0, starting = false, waiting = {} }
  daemons[root] = daemon
  if daemon.client then
    return act(daemon.client)
  end
  table.insert(daemon.waiting, act)
  if not daemon.starting then
    daemon.attempts = 0
    start(daemon)
  end
end

---A request to the project's daemon; an error is told to the user.
---@param root string
---@param method string
---@param params table
---@param done? fun(result?: table, error?: agent.ResponseError)
function M.request(root, method, params, done)
  M.with(root, function(client)
    client:request(method, params, function(err, result)
      if err then
        M.notify(err.message, vim.log.levels.ERROR)
      end
      if done then
        done(result, err)
      end
    end)
  end)
end

return M
