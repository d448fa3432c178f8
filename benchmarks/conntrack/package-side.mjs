// The side under test: what native/conntrack-batch.c does, with the same arguments, by @slatfatf/conntrack.
//
//   node --expose-gc package-side.mjs VERB COUNT MILLISECONDS
//
// More verbs than C: dump-bytes (addresses as bytes), idle, stall-create and stall-dump (how long the event loop stands
// still), memory (what streaming the table takes).
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { openConntrack, STATUS } from '@slatfatf/conntrack'
import { flowOf } from './entries.mjs'
import { stallOf, watchLoop } from './loop-watch.mjs'
import { requireAll, runPasses, WARM_UP_ENTRIES } from './passes.mjs'

/** Looking at memory takes longer than an entry. */
const ENTRIES_A_LOOK = 5000

const [verb = '', countText, millisecondsText] = process.argv.slice(2)
const [count, milliseconds] = [Number(countText), Number(millisecondsText)]
const conntrack = await openConntrack()
const isMade = verb.endsWith('create') || verb === 'delete'
const flows = Array.from({ length: isMade ? count : 0 }, (_, index) =>
  flowOf(index, STATUS.CONFIRMED | STATUS.SEEN_REPLY | STATUS.ASSURED),
)
const keys = verb === 'delete' ? flows.map(({ original }) => ({ original })) : []

if (verb === 'create') {
  await runPasses({ before: flush, pass: create, after: flush }, count, milliseconds)
} else if (verb === 'delete') {
  await runPasses({ before: create, pass: remove }, count, milliseconds)
} else if (verb === 'dump') {
  await runPasses({ pass: dump, isWhole: true }, count, milliseconds)
} else if (verb === 'dump-bytes') {
  await runPasses({ pass: dumpBytes, isWhole: true }, count, milliseconds)
} else if (verb === 'idle') {
  await delay(50)
  const watch = watchLoop()
  await delay(milliseconds)
  console.log(JSON.stringify(stallOf(watch.stop())))
} else if (verb === 'stall-create') {
  await watchPasses(create, flush)
} else if (verb === 'stall-dump') {
  await watchPasses(dump, () => {})
} else if (verb === 'memory') {
  await lookAtMemory()
} else throw new RangeError(`there is no ${verb}`)
await conntrack.close()

async function flush() {
  await conntrack.flush()
}

/** @param {number} length */
async function create(length) {
  const { created } = await conntrack.createMany(length === count ? flows : flows.slice(0, length))
  requireAll('made', created, length)
}

/** @param {number} length */
async function remove(length) {
  const { deleted } = await conntrack.deleteMany(length === count ? keys : keys.slice(0, length))
  requireAll('deleted', deleted, length)
}

async function dump() {
  let found = 0
  for await (const flow of conntrack.dump()) if (flow.original.sourcePort !== 0) found += 1
  requireAll('dumped', found, count)
}

async function dumpBytes() {
  let found = 0
  for await (const flow of conntrack.dump({}, { addresses: 'bytes' })) {
    if (flow.original.source.length === 4) found += 1
  }
  requireAll('dumped', found, count)
}

/**
 * @param {(length: number) => Promise<void>} pass
 * @param {() => Promise<void> | void} between Not watched.
 */
async function watchPasses(pass, between) {
  await between()
  await pass(verb === 'stall-create' ? Math.min(count, WARM_UP_ENTRIES) : count)
  await between()
  /** @type {number[]} */
  const gaps = []
  let spent = 0
  do {
    // What the pass before has left behind is done in a turn of its own.
    await nextTurn()
    const start = performance.now()
    const watch = watchLoop()
    await pass(count)
    gaps.push(...watch.stop())
    spent += performance.now() - start
    await between()
  } while (spent < milliseconds)
  console.log(JSON.stringify(stallOf(gaps)))
}

/** Peaks over what the process has before, and what is left of the heap when all is done. */
async function lookAtMemory() {
  const peak = { rss: 0, heapUsed: 0, external: 0 }
  // Once, so that code and buffers are there.
  for await (const { id } of conntrack.dump()) if (id === undefined) break
  globalThis.gc?.()
  const before = process.memoryUsage()
  let found = 0
  for await (const { id } of conntrack.dump()) {
    if (id !== undefined) found += 1
    if (found % ENTRIES_A_LOOK !== 0) continue
    const { rss, heapUsed, external } = process.memoryUsage()
    peak.rss = Math.max(peak.rss, rss)
    peak.heapUsed = Math.max(peak.heapUsed, heapUsed)
    peak.external = Math.max(peak.external, external)
  }
  requireAll('dumped', found, count)
  globalThis.gc?.()
  const after = process.memoryUsage()
  console.log(
    JSON.stringify({
      entries: found,
      rssBytes: peak.rss - before.rss,
      heapBytes: peak.heapUsed - before.heapUsed,
      externalBytes: peak.external - before.external,
      leftBytes: after.heapUsed - before.heapUsed,
      peakRssBytes: peak.rss,
    }),
  )
}
