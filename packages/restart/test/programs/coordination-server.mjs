// An instance that has nothing but a coordination socket, opened or adopted as its one argument says. Prints a line of
// JSON when it listens or what it was refused; ends with its standard input.
import { adoptCoordination, openCoordination } from '@slatfatf/restart'

const { generation = 0, onRestart = 'succeed', ...options } = JSON.parse(process.argv[2])

const handler = {
  identity: () => ({ pid: process.pid, generation }),
  async restart(progress) {
    progress('spawning')
    progress('waiting', { pid: process.pid, generation: generation + 1 })
    if (onRestart === 'hang') return new Promise(() => {})
    if (onRestart === 'crash') process.kill(process.pid, 'SIGKILL')
    return { pid: process.pid, generation: generation + 1, durationMs: 1 }
  },
  status: () => ({ pid: process.pid, generation, state: 'serving', sockets: [], kept: [], draining: [] }),
  stop: async () => ({ clean: true }),
  async rollback() {
    throw Object.assign(new Error('nothing is held'), { code: 'ERR_RESTART_NOTHING_TO_ROLL_BACK' })
  },
}

const tell = (message) => process.stdout.write(`${JSON.stringify(message)}\n`)

try {
  const server = await (options.fd === undefined ? openCoordination : adoptCoordination)({
    ...options,
    handler,
  })
  process.stdin.on('end', () => void server.close({ unlink: true, timeoutMs: 0 })).resume()
  tell({ listening: true, pid: process.pid })
} catch ({ name, code, message, hint }) {
  tell({ listening: false, name, code, message, hint })
}
