// The program of the package. One file a command; what they take is read in options/, what they print is made in render/.
import packageJson from '../../package.json' with { type: 'json' }
import { COMMANDS } from './commands.js'
import { outputTo } from './render/output.js'
import { runCommand } from './run-command.js'

// Who reads has had enough, as in `nf-conntrack list | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

void runCommand(
  process.argv.slice(2),
  { commands: COMMANDS, version: packageJson.version },
  outputTo(process.stdout, process.stderr),
).then((status) => {
  process.exitCode = status
})
