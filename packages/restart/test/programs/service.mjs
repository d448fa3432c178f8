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

const { options = {}, state } = behaviour
const instance = await openInstance({
  coordination: { path: join(folder, 'control.sock') },
  ...options,
  ...(state && {
    state: {
      version: state.version ?? 1,
      ...(state.maxBytes && { maxBytes: state.maxBytes }),
      save: () => {
        appendFileSync(join(folder, 'events'), `save ${process.pid}\n`)
        if (state.write) writeFileSync(state.write, Buffer.alloc(state.writeBytes))
        return { bytes: Buffer.from(state.text ?? 'state') }
      },
      undo: (cause) => appendFileSync(join(folder, 'events'), `undo ${process.pid} ${cause.code}\n`),
    },
  }),
})

const web = await instance.listen('web', { path: join(folder, 'web.sock') })
for (const name of behaviour.sockets ?? []) await instance.listen(name, { port: 0, host: '127.0.0.1' })
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
      variables: Object.keys(process.env),
    }),
  )
})
let exited = false
void instance.before.exited.then(() => {
  exited = true
})
instance.drain.http('web', server, { handOver: behaviour.handOver ?? false })

if (behaviour.throwBeforeReady) throw new Error(behaviour.throwBeforeReady)
if (behaviour.failWith) await instance.fail(behaviour.failWith)
if (behaviour.waitFor) {
  const path = join(folder, behaviour.waitFor)
  const appears = new Promise((resolve) => {
    const watcher = watch(folder, () => {
      if (existsSync(path)) resolve(watcher.close())
    })
  })
  if (behaviour.extendMs) instance.extendReady(behaviour.extendMs)
  writeFileSync(join(folder, 'waiting'), '')
  if (!existsSync(path)) await appears
}
server.listen(web.listenOptions())
await instance.ready()
appendFileSync(join(folder, 'events'), `ready ${process.pid} ${instance.generation}\n`)
if (behaviour.sayAfterReady) process.stderr.write(behaviour.sayAfterReady)
if (behaviour.exitAfterReady !== undefined) process.exit(behaviour.exitAfterReady)
const report = await instance.ended
appendFileSync(join(folder, 'events'), `ended ${process.pid} ${report.reason}\n`)
