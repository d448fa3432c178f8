// Reservations that are watched, on top of the cases of sockets.mjs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { reservations } from './sockets.mjs'

export * from './sockets.mjs'

let losses = []
let uncaught = []
process.on('uncaughtException', ({ message }) => uncaught.push(message))

/** Notes each loss; the name of the listener says what else it does. */
export function watch(id, listener = 'nothing') {
  reservations.get(id).watch((reservation, { code, hint, firstPort }) => {
    losses.push({ id, code, hint, firstPort, released: reservation.released, fd: reservation.fd, listener })
    if (listener === 'throw') throw new Error(`the listener of ${id} throws`)
    if (listener === 'release all') for (const other of reservations.values()) other.release()
  })
}

export function watchAll() {
  for (const id of reservations.keys()) watch(id)
}

export function unwatch(id) {
  reservations.get(id).watch(undefined)
}

export function takeLosses() {
  const taken = losses
  losses = []
  return taken
}

export function takeUncaught() {
  const taken = uncaught
  uncaught = []
  return taken
}

export function stateOf(id) {
  const { fd, released } = reservations.get(id)
  return { fd, released }
}

/** For each epoll of this process, how many descriptors it watches. */
export function epolls() {
  const counts = []
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) !== 'anon_inode:[eventpoll]') continue
      counts.push(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').match(/^tfd:/gm)?.length ?? 0)
    } catch {
      // It was the descriptor of the listing itself.
    }
  }
  return counts.sort((a, b) => a - b)
}

let copyHolder

/** Another process has a copy of the descriptor until letCopyGo(). */
export async function copyElsewhere(id) {
  copyHolder = spawn('sleep', ['1000'], { stdio: ['ignore', 'ignore', 'ignore', reservations.get(id).fd] })
  await once(copyHolder, 'spawn')
}

export async function letCopyGo() {
  copyHolder.kill()
  await once(copyHolder, 'exit')
}

/** A worker that watches `count` reservations and ends as it is told: of itself, or by terminate(). */
export async function watchInWorker(options, count, end) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { reserveTuple } = require('@slatfatf/tfo-socket')
    for (let i = 0; i < workerData.count; i += 1) {
      reserveTuple(workerData.options).watch(() => {
        throw new Error('the worker has ended')
      })
    }
    parentPort.postMessage('watching')
    if (workerData.end === 'terminate') setInterval(() => {}, 1000)`
  const worker = new Worker(source, { eval: true, workerData: { options, count, end } })
  const exited = once(worker, 'exit')
  await once(worker, 'message')
  if (end === 'terminate') await worker.terminate()
  await exited
}
