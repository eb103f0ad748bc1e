if vim.g.loaded_quillon or vim.fn.has('nvim-0.11') == 0 then
  return
end
vim.g.loaded_quillon = true

vim.api.nvim_create_user_command('Quillon', function(command)
  require('quillon').command(command)
end, {
  nargs = '*',
  range = true,
  bang = true,
  desc = 'Talk with Quillon, the coding agent',
  complete = function(...)
    return require('quillon').complete(...)
  end,
})
