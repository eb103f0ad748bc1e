-- What `vim.lsp.config('quillon', …)` starts from; the plugin adds the root and its handlers.
---@type vim.lsp.Config
return {
  cmd = { 'quillon', 'lsp' },
  flags = { debounce_text_changes = 50 },
  capabilities = {
    -- What most servers speak, so that the clients of one buffer count columns alike.
    general = { positionEncodings = { 'utf-16' } },
    experimental = {
      agent = { version = 1, client = { name = 'quillon.nvim' }, buffers = { apply = true, save = true } },
    },
  },
}
