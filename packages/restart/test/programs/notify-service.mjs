// A small service that speaks to its service manager, without openInstance: an overlap by hand.
//
//   node notify-service.mjs FOLDER        answers at FOLDER/control:
//     /                 pid, names of the descriptors it was given, words it kept
//     /keep?words=      stores the words in the fd store, and its own listening socket
//     /keep-hung-up?poll=   stores a descriptor that shows a hang-up
//     /restart          starts a successor and answers with its pid when that is the main process; with FOLDER/fail it ends at once
//     /hang             never turns its event loop again
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { openServiceManager, takeListenFds } from '@slatfatf/restart/systemd'

const { closeFd, listenUnix, duplicateFd, socketPair } = createRequire(import.meta.url)('../../binding.cjs')
const [, , folder] = process.argv
const control = join(folder, 'control')
const inherited = process.env.INHERITED === undefined ? undefined : new Map(JSON.parse(process.env.INHERITED))
const given = inherited ?? takeListenFds()
const manager = openServiceManager()
const servers = []

const [controlFd = listenControl()] = given.get('control') ?? given.get('restart.listen.control') ?? []
const [keptFd] = given.get('restart.keep.words') ?? []
for (const [name, fds] of given) {
  if (name.startsWith('restart.') || name === 'control') continue
  for (const [index, fd] of fds.entries()) {
    serve(fd, (_request, response) => response.end(`${name} ${index} ${process.pid}`))
  }
}
serve(controlFd, (request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://service')
  const words = searchParams.get('words') ?? ''
  const work = {
    '/': describe,
    '/keep': () => keep(words),
    '/keep-hung-up': () => keepHungUp(searchParams.get('poll') === 'true'),
    '/restart': restart,
    '/hang': hang,
  }
  Promise.resolve(work[pathname]()).then(
    (answer) => response.end(JSON.stringify(answer)),
    (error) => response.writeHead(500).end(`${error.message}\n`),
  )
})
await Promise.all(servers.map((server) => once(server, 'listening')))
process.once('SIGTERM', () => {
  manager.notify({ stopping: true, status: 'stopping' })
  manager.barrier().then(() => process.exit(0))
})
if (inherited === undefined) {
  manager.notify({ ready: true, status: 'serving' })
  manager.startWatchdog()
} else {
  // With NotifyAccess=main nobody listens to this one yet.
  manager.notify({ ready: true, status: 'words of a process that is not the main one' })
  await manager.barrier()
  process.send('ready')
  await once(process, 'message')
  process.disconnect()
  manager.notify({ status: 'serving as successor' })
  manager.startWatchdog()
}

function describe() {
  const names = Object.fromEntries([...given].map(([name, fds]) => [name, fds.length]))
  const kept = keptFd === undefined ? undefined : readFileSync(`/proc/self/fd/${keptFd}`, 'utf8')
  const variables = Object.keys(process.env).filter((name) => name.startsWith('LISTEN_'))
  return { pid: process.pid, names, kept, variables, watchdogMs: manager.watchdogMs }
}

async function keep(words) {
  const file = openSync(join(folder, 'words'), 'w+')
  writeSync(file, words)
  unlinkSync(join(folder, 'words'))
  return [
    await manager.store('restart.keep.words', [file]),
    await manager.store('restart.listen.control', [controlFd]),
  ]
}

async function keepHungUp(poll) {
  const [end, other] = socketPair('stream')
  closeFd(other)
  return manager.store('hung-up', [end], { poll })
}

async function restart() {
  manager.notify({ reloading: true, status: 'restarting' })
  const passed = [['control', controlFd], ...[...given].flatMap(([name, fds]) => fds.map((fd) => [name, fd]))]
  const names = new Map()
  for (const [index, [name]] of passed.entries()) names.set(name, [...(names.get(name) ?? []), 3 + index])
  const child = spawn(existsSync(join(folder, 'fail')) ? 'false' : process.execPath, process.argv.slice(1), {
    env: { ...process.env, INHERITED: JSON.stringify([...names]), WATCHDOG_PID: undefined },
    stdio: ['inherit', 'inherit', 'inherit', ...passed.map(([, fd]) => fd), 'ipc'],
  })
  const [outcome] = await Promise.race([once(child, 'message'), once(child, 'exit')])
  if (outcome !== 'ready') {
    manager.notify({
      ready: true,
      status: `the new version ended with status ${outcome}, the old one serves on`,
    })
    await manager.barrier()
    throw new Error(`the new version ended with status ${outcome}`)
  }
  manager.notify({ ready: true, mainPid: child.pid, status: 'handed over' })
  await manager.barrier()
  child.send('main')
  setImmediate(() => {
    child.disconnect()
    child.unref()
    for (const server of servers) server.close()
    manager.close()
  })
  return { pid: child.pid }
}

function hang() {
  for (;;);
}

function serve(fd, listener) {
  const server = createServer({ keepAlive: false }, (request, response) => {
    response.setHeader('Connection', 'close')
    listener(request, response)
  })
  // The server closes what it is given; ours stays for the successor.
  servers.push(server.listen({ fd: duplicateFd(fd) }))
}

function listenControl() {
  if (existsSync(control)) unlinkSync(control)
  return listenUnix(control, 0o600, 64)
}
