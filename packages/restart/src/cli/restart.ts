// The program of the package: asks any instance whose coordination socket is known. What it takes is read in
// command-line.ts, what it prints is made in render/.
import packageJson from '../../package.json' with { type: 'json' }
import { runProgram } from './run-program.js'
import { UsageError } from './usage-error.js'

void runProgram({
  name: 'restart',
  words: process.argv.slice(2),
  stdout: process.stdout,
  stderr: process.stderr,
  version: packageJson.version,
  source({ socket, validate }) {
    if (socket === undefined) throw new UsageError('--socket PATH is missing: whom to ask?')
    return {
      path: socket,
      validate: validate === undefined ? undefined : { file: '/bin/sh', args: ['-c', validate] },
    }
  },
}).then((status) => {
  process.exitCode = status
})
