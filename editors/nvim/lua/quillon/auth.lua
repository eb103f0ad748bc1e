-- Keys of model providers: the user types one, the daemon stores it, and nobody shows it.
local client = require('quillon.client')
local M = {}

---@param session quillon.Session
---@param provider string
local function ask(session, provider)
  local asked, key = pcall(vim.fn.inputsecret, ('Key of %s (it is not shown): '):format(provider))
  if not asked or key == '' then
    return client.notify('no key was given; nothing is stored')
  end
  client.request(session.root, 'agent/auth/set', { provider = provider, key = key, store = true }, function(result)
    if result then
      client.notify(('the key of %s is stored'):format(provider))
    end
  end)
end

---Asks for a provider's key and has it stored; without a provider the user chooses one.
---@param session quillon.Session
---@param provider? string
function M.store(session, provider)
  if provider then
    return ask(session, provider)
  end
  client.request(session.root, 'agent/auth/status', vim.empty_dict(), function(result)
    vim.ui.select(result and result.providers or {}, { prompt = 'Provider', format_item = function(one)
      return ('%s  (key: %s)'):format(one.provider, one.variable or one.source)
    end }, function(one)
      if one then
        ask(session, one.provider)
      end
    end)
  end)
end

return M
