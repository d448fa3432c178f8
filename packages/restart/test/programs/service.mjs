// A small HTTP service. How it behaves is read anew at each start from behaviour.json in its folder, so that a test can
// "deploy" a next version.
import { appendFileSync, closeSync, existsSync, openSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { openInstance } from '@slatfatf/restart'

const folder = process.env.SERVICE_FOLDER
const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const behaviour = read('behaviour.json')
appendFileSync(join(folder, 'pids'), `${process.pid}\n`)

if (behaviour.stderr) process.stderr.write(behaviour.stderr)
if (behaviour.floodBytes) process.stderr.write('x'.repeat(behaviour.floodBytes))
if (behaviour.exitAtOnce !== undefined) process.exit(behaviour.exitAtOnce)

/** Tells that it stands here, and goes on when the file is there. */
async function standUntil(name) {
  const path = join(folder, name)
  const appears = new Promise((resolve) => {
    const watcher = watch(folder, () => {
      if (existsSync(path)) resolve(watcher.close())
    })
  })
  writeFileSync(join(folder, 'waiting'), '')
  if (!existsSync(path)) await appears
}

if (behaviour.waitBeforeOpen) await standUntil(behaviour.waitBeforeOpen)

const { options = {}, state } = behaviour
const opening = openInstance({
  coordination: { path: join(folder, 'control.sock') },
  ...options,
  ...(state && {
    state: {
      version: state.version ?? 1,
      ...(state.maxBytes && { maxBytes: state.maxBytes }),
      save: async () => {
        appendFileSync(join(folder, 'events'), `save ${process.pid}\n`)
        if (state.saveWaits) await standUntil(state.saveWaits)
        if (state.write) writeFileSync(state.write, Buffer.alloc(state.writeBytes))
        if (state.gives) return state.gives
        return { bytes: Buffer.from(state.text ?? 'state') }
      },
      undo: (cause) => appendFileSync(join(folder, 'events'), `undo ${process.pid} ${cause.code}\n`),
    },
  }),
})

// A program that does not end with its failure.
if (behaviour.catchOpen) await opening.catch(() => new Promise(() => setInterval(() => {}, 1e9)))
const instance = await opening

appendFileSync(join(folder, 'events'), `listens ${process.pid}\n`)
const web = await instance.listen('web', { path: join(folder, 'web.sock') })
for (const name of behaviour.sockets ?? []) await instance.listen(name, { port: 0, host: '127.0.0.1' })
const others = []
for (const name of behaviour.servers ?? []) {
  const socket = await instance.listen('other', { path: join(folder, name) })
  const other = createServer((_, response) => response.end(`${instance.generation}`))
  instance.drain.http(`not the name of a socket: ${name}`, other)
  others.push([other, socket])
}
if (behaviour.keepMany) {
  const fds = Array.from({ length: behaviour.keepMany }, () => openSync('/dev/null', 'r'))
  await instance.keep('many', fds)
  for (const fd of fds) closeSync(fd)
}
if (behaviour.keepNew && !instance.before.fds.has(behaviour.keepNew)) {
  await instance.keep(behaviour.keepNew, [openSync('/dev/null', 'r')])
}
if (behaviour.keep) for (const name of instance.before.fds.keys()) await instance.keep(name)

const server = createServer((request, response) => {
  if (request.url === '/slow') {
    setTimeout(() => response.end(`${instance.generation}`), 100)
    return
  }
  const { before, generation } = instance
  response.end(
    JSON.stringify({
      pid: process.pid,
      generation,
      before: before.kind,
      state: before.state && Buffer.from(before.state.bytes).toString(),
      exited,
      label: behaviour.label,
      release: globalThis.release,
      variables: Object.keys(process.env),
    }),
  )
})
let exited = false
void instance.before.exited.then(() => {
  exited = true
})
instance.drain.http('web', server, { handOver: behaviour.handOver ?? false })

if (behaviour.stuck) {
  const never = () => new Promise(() => setInterval(() => {}, 1e9))
  instance.drain.hook('stuck', { polite: never, forced: never })
}

if (behaviour.throwBeforeReady) throw new Error(behaviour.throwBeforeReady)
if (behaviour.failWith) await instance.fail(behaviour.failWith)
if (behaviour.extendMs) instance.extendReady(behaviour.extendMs)
if (behaviour.waitFor) await standUntil(behaviour.waitFor)
server.listen(web.listenOptions())
for (const [other, socket] of others) other.listen(socket.listenOptions())
const ready = instance.ready()
if (behaviour.blockAfterReady) {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  while (!existsSync(join(folder, behaviour.blockAfterReady))) Atomics.wait(pause, 0, 0, 5)
}
await ready
appendFileSync(join(folder, 'events'), `ready ${process.pid} ${instance.generation}\n`)
if (behaviour.sayAfterReady) process.stderr.write(behaviour.sayAfterReady)
if (behaviour.exitAfterReady !== undefined) process.exit(behaviour.exitAfterReady)
const report = await instance.ended
appendFileSync(join(folder, 'events'), `ended ${process.pid} ${report.reason}\n`)
if (behaviour.stay) setInterval(() => {}, 1e9)
