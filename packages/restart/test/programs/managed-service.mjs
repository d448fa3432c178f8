// A service of openInstance under a service manager.
//
//   node managed-service.mjs FOLDER            serves FOLDER/control and, if they are passed, the sockets http and admin
//   node managed-service.mjs FOLDER restart    asks it for a restart
//
//     /              who this is, what came before, the words it keeps
//     /keep?words=   keeps the words over restarts and crashes
//     /hang          never turns its event loop again
//
// With a file FOLDER/fail a new version fails with the words in there; with FOLDER/fail-late when it takes over.
import { existsSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { openInstance, runRestartCommand } from '@slatfatf/restart'

const [, , folder, ...words] = process.argv
const path = join(folder, 'restart.sock')

if (words[0] === 'restart') process.exitCode = await runRestartCommand({ path, argv: words })
else await serve()

async function serve() {
  const late = existsSync(join(folder, 'fail-late'))
  const instance = await openInstance({
    name: 'app',
    coordination: { path },
    drainTimeoutMs: 10_000,
    ...(late && { pidFile: join(folder, 'nowhere', 'app.pid') }),
  })
  const before = [...instance.before.fds].map(([name, fds]) => [name, fds.length])
  const kept = instance.before.fds.get('words')
  if (kept !== undefined) await instance.keep('words')
  if (instance.before.kind === 'predecessor' && existsSync(join(folder, 'fail'))) {
    await instance.fail(readFileSync(join(folder, 'fail'), 'utf8'))
  }
  const answers = { '/': describe, '/keep': keep, '/hang': hang }
  const sockets = [await instance.listen('control', { path: join(folder, 'control') })]
  for (const name of ['http', 'admin']) {
    const socket = await instance.listen(name).catch(() => undefined)
    if (socket !== undefined) sockets.push(socket)
  }
  for (const socket of sockets) {
    const server = createServer(async (request, response) => {
      const { pathname, searchParams } = new URL(request.url, 'http://app')
      response.end(JSON.stringify(await answers[pathname](searchParams.get('words'), socket.name)))
    })
    instance.drain.http(socket.name, server)
    await new Promise((resolve) => server.listen(socket.listenOptions(), resolve))
  }
  await instance.ready()
  await instance.ended

  function describe(_words, socket) {
    const { generation, pid } = instance
    const text = kept === undefined ? undefined : readFileSync(`/proc/self/fd/${kept[0]}`, 'utf8')
    const variables = Object.keys(process.env).filter((name) => name.startsWith('LISTEN_'))
    return { pid, generation, socket, before: instance.before.kind, fds: before, words: text, variables }
  }

  async function keep(text) {
    const file = openSync(join(folder, 'words'), 'w+')
    unlinkSync(join(folder, 'words'))
    writeSync(file, text)
    await instance.keep('words', [file])
    return {}
  }

  function hang() {
    for (;;);
  }
}
