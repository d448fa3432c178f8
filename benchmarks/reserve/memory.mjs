import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { startProgram } from '../harness/commands.mjs'
import { inside } from '../harness/namespaces.mjs'
import { sideOnStage } from '../harness/stage.mjs'
import { buildLab, LAB } from './lab.mjs'
import { holdingArgumentsOf } from './scenarios.mjs'

const PAGE_BYTES = 4096
/** Sockets that are gone leave the slabs after an RCU grace period; a second is many of them. */
const SETTLE_MS = 1000
const HOLD_MS = 30_000
/** A cache that grew by less than this for each reservation grew for another reason. */
const LEAST_OBJECTS = 0.5

/**
 * @typedef {object} Memory
 * @property {string} variant
 * @property {string} scenario
 * @property {number} reservations
 * @property {number} [kernelBytes] For each reservation; left out where /proc/slabinfo is not readable.
 * @property {number} slabBytes For each reservation.
 * @property {number} userBytes For each reservation.
 * @property {Record<string, number>} objects Of each slab cache, for each reservation.
 */

/**
 * What a reservation takes of memory while it is held.
 *
 * @param {import('../harness/variant.mjs').Variant} variant
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @returns {Promise<Memory>}
 */
export async function measureMemory(variant, scenario) {
  await buildLab()
  const running = await variant.start()
  try {
    const words = holdingArgumentsOf(scenario)
    const program = await startProgram(inside(LAB.host, sideOnStage()(words)), { ready: 'ready\n' })
    await delay(SETTLE_MS)
    const before = await readSlabs()
    process.kill(program.pid, 'SIGUSR2')
    await untilHeld(program)
    const after = await readSlabs()
    const userBytes = Number(/"userBytes": ?([\d.]+)/.exec(program.printed())?.[1] ?? 0)
    await program.stop()
    const { name, count } = scenario
    const bytes = compare(before, after, count)
    return { variant: variant.name, scenario: name, reservations: count, userBytes, ...bytes }
  } finally {
    await running.stop()
  }
}

/** @param {import('../harness/commands.mjs').RunningProgram} program */
async function untilHeld(program) {
  const end = performance.now() + HOLD_MS
  while (!program.printed().includes('held\n')) {
    if (performance.now() > end) throw new Error('the reservations were not made in time')
    await delay(20)
  }
}

/** @typedef {{ slab: number, caches: Map<string, { active: number, bytes: number }> }} Slabs */

/** @returns {Promise<Slabs>} */
async function readSlabs() {
  const meminfo = await readFile('/proc/meminfo', 'utf8')
  const slab = Number(/^Slab: +(\d+) kB/m.exec(meminfo)?.[1]) * 1024
  const caches = new Map()
  for (const line of (await readSlabinfo()).split('\n').slice(2)) {
    const [name, active, , , perSlab, pages] = line.split(/\s+/)
    if (name)
      caches.set(name, { active: Number(active), bytes: (Number(pages) * PAGE_BYTES) / Number(perSlab) })
  }
  return { slab, caches }
}

/** Only for the root of the machine. */
async function readSlabinfo() {
  try {
    return await readFile('/proc/slabinfo', 'utf8')
  } catch {
    return ''
  }
}

/**
 * @param {Slabs} before
 * @param {Slabs} after
 * @param {number} count
 */
function compare(before, after, count) {
  /** @type {Record<string, number>} */
  const objects = {}
  let kernelBytes = 0
  for (const [name, { active, bytes }] of after.caches) {
    const each = (active - (before.caches.get(name)?.active ?? 0)) / count
    if (each < LEAST_OBJECTS) continue
    objects[name] = Number(each.toFixed(2))
    kernelBytes += each * bytes
  }
  const slabBytes = Math.round((after.slab - before.slab) / count)
  return { ...(kernelBytes > 0 && { kernelBytes: Math.round(kernelBytes) }), slabBytes, objects }
}
