// What tests do with slices inside a namespace. Everything made here is released by reset().
import assert from 'node:assert/strict'
import { createSlice, promote as promoteTuple } from '@slatfatf/tfo-socket'

let slice
let lastId = 0
const held = new Map()
const lost = []
const connected = new Set()

export function open(options) {
  slice = createSlice(options)
  return { address: slice.address, ports: slice.ports }
}

/** The plain data of a reservation and a number for {@link release}; null if the slice is full. */
export function reserve(method, ...args) {
  const reservation = slice[method](...args)
  if (reservation === undefined) return null
  lastId += 1
  held.set(lastId, reservation)
  return { id: lastId, ...reservation.toJSON() }
}

/** Reserves until the slice is full; the ports in ascending order. */
export function fill(method, ...args) {
  const ports = []
  for (;;) {
    const reservation = reserve(method, ...args)
    if (reservation === null) return ports.sort((a, b) => a - b)
    ports.push(reservation.port)
  }
}

export function release(id) {
  held.get(id).release()
  held.delete(id)
}

export function releaseEverything() {
  for (const id of held.keys()) release(id)
}

export function watch(id) {
  held.get(id).watch((reservation, { code }) => lost.push({ port: reservation.port, code }))
}

export async function promote(id) {
  connected.add(await promoteTuple(held.get(id)))
  held.delete(id)
}

export function losses() {
  return lost
}

/**
 * Reserves and releases as the steps say, and asserts after each that what is held lies in the slice and is held once. A step
 * of a number releases what was reserved so many reservations ago; the others name a method and its arguments.
 */
export function churn(steps) {
  const mine = []
  const names = new Set()
  for (const step of steps) {
    if (typeof step === 'number') {
      const [reservation] = mine.splice(mine.length - 1 - step, 1)
      if (reservation === undefined) continue
      names.delete(nameOf(reservation))
      reservation.release()
      continue
    }
    const reservation = slice[step[0]](...step.slice(1))
    if (reservation === undefined) continue
    const { first, last } = slice.ports
    assert(reservation.port >= first && reservation.port <= last, `${reservation.port} lies outside`)
    assert(!names.has(nameOf(reservation)), `${nameOf(reservation)} was handed out twice`)
    names.add(nameOf(reservation))
    mine.push(reservation)
  }
  for (const reservation of mine) {
    lastId += 1
    held.set(lastId, reservation)
  }
  return mine.map((reservation) => reservation.toJSON())
}

/** Tuples and repair reservations exclude each other. */
function nameOf({ protocol, port, remoteAddress, remotePort }) {
  return `${protocol} ${port} ${remoteAddress} ${remotePort}`
}

export function reset() {
  releaseEverything()
  for (const socket of connected) socket.resetAndDestroy()
  connected.clear()
  lost.length = 0
  slice = undefined
}
