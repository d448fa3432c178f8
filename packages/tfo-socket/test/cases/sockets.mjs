// What tests do inside a namespace: reservations, and the ordinary sockets of node:net and node:dgram that compete
// with them. Everything made here is closed by reset().
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { closeSync, readdirSync, readFileSync, writeSync } from 'node:fs'
import { createServer, connect as netConnect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  fds,
  growDescriptorTable,
  portRangeOf,
  releaseAll,
  reserveEchoId,
  reservePort,
  reserveRepair,
  reserveTuple,
} from '@slatfatf/tfo-socket'

const functions = {
  tuple: reserveTuple,
  repair: reserveRepair,
  port: reservePort,
  'echo-id': reserveEchoId,
}
/** What reserve() has made, by the number that it gave. */
export const reservations = new Map()
const sockets = new Set()
let worker
let lastId = 0

export { growDescriptorTable, portRangeOf }

export function reserve(kind, options) {
  const reservation = functions[kind](options)
  lastId += 1
  reservations.set(lastId, reservation)
  const { protocol, address, port, remoteAddress, remotePort, fd, released } = reservation
  return {
    id: lastId,
    kind: reservation.kind,
    protocol,
    address,
    port,
    remoteAddress,
    remotePort,
    fd,
    released,
  }
}

/** Reserves until the kernel refuses; the ports in ascending order, and the refusal. */
export function fill(kind, options) {
  const ports = []
  for (;;) {
    try {
      ports.push(reserve(kind, options).port)
    } catch ({ code, syscall, full }) {
      return { ports: ports.sort((a, b) => a - b), refusal: { code, syscall, full } }
    }
  }
}

export function release(id, times = 1) {
  const reservation = reservations.get(id)
  for (let i = 0; i < times; i += 1) reservation.release()
  return { fd: reservation.fd, released: reservation.released }
}

/** Ends workers that do nothing but load the addon, so that it is loading when they end. */
export async function terminateLoadingWorkers(times) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    parentPort.postMessage('loading')
    for (;;) process.dlopen({ exports: {} }, workerData)`
  const workerData = addonPath()
  for (let i = 0; i < times; i += 1) {
    const loading = new Worker(source, { eval: true, workerData })
    await once(loading, 'message')
    // Each at another moment.
    for (let turn = 0; turn < 5 * i; turn += 1) await nextTurn()
    await loading.terminate()
  }
}

function addonPath() {
  return process.report.getReport().sharedObjects.find((path) => path.includes('tfo-socket'))
}

/** What a reservation says of itself when the records that it gave were changed. */
export function changeRecords(id) {
  const reservation = reservations.get(id)
  reservation.toJSON().port = 1
  fds([reservation]).records[0].port = 1
  return reservation.toJSON()
}

/** Counts the turns that other work had before everything was released. */
export async function releaseAllReservations() {
  let turns = 0
  let over = false
  const count = () => {
    if (over) return
    turns += 1
    setImmediate(count)
  }
  setImmediate(count)
  try {
    await releaseAll(reservations.values())
  } catch (error) {
    throw Object.assign(error, { errorCodes: error.errors.map(({ code }) => code) })
  } finally {
    over = true
  }
  return { turns }
}

export function releaseThese(iterable) {
  return releaseAll(iterable)
}

export function closeBehindItsBack(id) {
  closeSync(reservations.get(id).fd)
}

/** The first write is what sends the SYN that connect kept back. */
export function write(id) {
  return writeSync(reservations.get(id).fd, 'x')
}

export function reserveAndRelease(kind, options, times) {
  for (let i = 0; i < times; i += 1) functions[kind](options).release()
}

export function refusedTimes(kind, options, times) {
  let refused = 0
  for (let i = 0; i < times; i += 1) {
    try {
      functions[kind](options).release()
    } catch {
      refused += 1
    }
  }
  return refused
}

export function openDescriptors() {
  return readdirSync('/proc/self/fd').length
}

export function descriptorTableSize() {
  return Number(/^FDSize:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))[1])
}

export async function listen(address, port) {
  const server = createServer((socket) => socket.resume().on('error', () => {}))
  sockets.add(server)
  server.listen(port, address)
  await once(server, 'listening')
}

/** Resolves with the local port; a `localPort` is bound before, without one the kernel picks at connect. */
export async function connect(options) {
  const socket = netConnect(options)
  sockets.add(socket)
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket.localPort
}

/** Sends a SYN and forgets about it. */
export function knock(options) {
  const socket = netConnect(options)
  socket.on('error', () => {})
  sockets.add(socket)
}

export async function bindUdp(address, port, reuseAddr) {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', reuseAddr })
  sockets.add(socket)
  const bound = once(socket, 'listening')
  socket.bind(port, address)
  await bound
}

export async function sendDatagrams(address, port, count) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4')
  sockets.add(socket)
  for (let i = 0; i < count; i += 1) {
    await new Promise((resolve) => socket.send('stranger', port, address, resolve))
  }
}

/** What the kernel says of the UDP socket on this port: bytes that wait in it, packets that it dropped. */
export function udpQueue(port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = ['/proc/net/udp', '/proc/net/udp6'].flatMap((path) =>
    readFileSync(path, 'latin1').trim().split('\n').slice(1),
  )
  const columns = lines.map((line) => line.trim().split(/\s+/)).find((line) => line[1].endsWith(suffix))
  return { receivedBytes: Number.parseInt(columns[4].split(':')[1], 16), drops: Number(columns[12]) }
}

/** A counter of /proc/net/netstat or /proc/net/snmp, such as `TcpExt: TCPMinTTLDrop`. */
export function kernelCounter(group, name) {
  const text = readFileSync('/proc/net/netstat', 'latin1') + readFileSync('/proc/net/snmp', 'latin1')
  const [names, values] = text.split('\n').filter((line) => line.startsWith(`${group}: `))
  return Number(values.split(' ')[names.split(' ').indexOf(name)])
}

export async function reserveInWorker(options) {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads')
    const { reserveTuple } = require('@slatfatf/tfo-socket')
    const reservation = reserveTuple(workerData)
    parentPort.on('message', () => {
      reservation.release()
      parentPort.postMessage('released')
    })
    parentPort.postMessage(reservation.port)`
  worker = new Worker(source, { eval: true, workerData: options })
  const [port] = await once(worker, 'message')
  return port
}

export async function releaseInWorker() {
  const answer = once(worker, 'message')
  worker.postMessage('release')
  await answer
}

export async function terminateWorker() {
  await worker.terminate()
}

export function becomeNobody() {
  process.setgroups([])
  process.setgid(65534)
  process.setuid(65534)
}

export async function reset() {
  for (const reservation of reservations.values()) reservation.release()
  reservations.clear()
  for (const socket of sockets) {
    if ('resetAndDestroy' in socket) socket.resetAndDestroy()
    else if (socket.listening !== false) await new Promise((resolve) => closed(socket, resolve))
  }
  sockets.clear()
}

function closed(socket, resolve) {
  try {
    socket.close(resolve)
  } catch {
    resolve() // a bind that failed has closed it
  }
}
