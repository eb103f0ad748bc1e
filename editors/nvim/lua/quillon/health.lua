-- `:checkhealth quillon`.
local M = {}

---Reports on the editor, the program, the client and the daemon.
function M.check()
  local health, client = vim.health, require('quillon.client')
  health.start('quillon')
  local report = vim.fn.has('nvim-0.11') == 1 and health.ok or health.error
  report('Neovim ' .. tostring(vim.version()) .. ' (0.11 or later is needed)')
  local command = vim.lsp.config.quillon.cmd
  if type(command) == 'table' then
    local found = vim.fn.exepath(command[1])
    if found == '' then
      return health.error(('`%s` is no program'):format(command[1]), {
        "install Quillon, or name it: vim.lsp.config('quillon', { cmd = { '/path/to/quillon', 'lsp' } })",
      })
    end
    local told = vim.system({ found, '--version' }, { text = true, timeout = 3000 }):wait()
    local tell = told.code == 0 and health.ok or health.error
    tell(found .. ': ' .. vim.trim(told.stdout .. told.stderr))
  end
  local daemon = client.find(client.root())
  if not daemon or not daemon.client then
    return health.info('no daemon runs for ' .. client.root() .. '; :Quillon starts it')
  end
  local answer, err = daemon.client:request_sync('agent/status', vim.empty_dict(), 3000)
  local status = answer and answer.result ---@type agent.StatusResult?
  if not status then
    return health.error('the daemon does not answer: ' .. (err or vim.inspect(answer and answer.err)))
  end
  health.ok(('client %d, process %d, protocol %d.%d'):format(daemon.client.id, status.processId, status.version, status.minor))
  health.info('state in ' .. status.stateFolder .. ', log in ' .. status.logFile)
  health.info(('model %s; %d sessions, %d running, %d questions'):format(
    status.model or 'none', status.sessions, status.running, status.questions))
  vim.iter(status.problems):each(function(problem)
    (problem.level == 'error' and health.error or health.warn)(problem.text)
  end)
end

return M
