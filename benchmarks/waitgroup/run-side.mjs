// One of those that are compared, in a process of its own; needs --expose-gc.
//
//   node run-side.mjs SIDE FOLDER VERB BATCH MILLISECONDS     passes of BATCH until the time is over
//   node run-side.mjs SIDE FOLDER memory BATCH TASKS          what tasks take in flight, and what they leave
//
// FOLDER is where npm's packages were installed. Prints JSON.
import { setImmediate } from 'node:timers/promises'

const WARM_UP_MS = 300
const HELD_TASKS = 100_000

const [name = '', folder = '', verb = '', batchText, amountText] = process.argv.slice(2)
/** @type {import('./sides/side.mjs').Side} */
const side = await (await import(`./sides/${name}.mjs`)).createSide(folder)
const batch = Number(batchText)
const result = verb === 'memory' ? await lookAtMemory(Number(amountText)) : await measure(Number(amountText))
console.log(JSON.stringify(result))

async function work() {
  await undefined
}

/** @param {number} count */
function pass(count) {
  if (verb === 'count' || verb === 'guard') return side[verb]?.(count)
  return side[verb === 'track' ? 'track' : 'go']?.(work, count)
}

/** @param {number} milliseconds */
async function measure(milliseconds) {
  await runFor(WARM_UP_MS)
  return runFor(milliseconds)
}

/** @param {number} milliseconds */
async function runFor(milliseconds) {
  const cpuStart = process.cpuUsage()
  const start = performance.now()
  let tasks = 0
  do {
    await pass(batch)
    tasks += batch
    // As a program does that also has something else to do.
    await setImmediate()
  } while (performance.now() - start < milliseconds)
  const { user, system } = process.cpuUsage(cpuStart)
  return { tasks, milliseconds: performance.now() - start, cpuMilliseconds: (user + system) / 1e3 }
}

/** @param {number} tasks */
async function lookAtMemory(tasks) {
  await side.go?.(work, batch)
  const held = await holdTasks()
  const before = await heapBytes()
  for (let done = 0; done < tasks; done += batch) {
    await side.go?.(work, batch)
    await setImmediate()
  }
  return { tasks, heldTasks: HELD_TASKS, ...held, leftBytes: (await heapBytes()) - before }
}

/** Heap in use for each task that waits for something: of the function alone, and with what counts it. */
async function holdTasks() {
  const alone = await hold((blocked) => {
    let last
    for (let i = 0; i < HELD_TASKS; i += 1) last = blocked()
    return last
  })
  const counted = await hold((blocked) => side.go?.(blocked, HELD_TASKS))
  return { aloneBytes: alone, countedBytes: counted }
}

/** @param {(blocked: () => Promise<void>) => unknown} start Of all; what it returns ends with them. */
async function hold(start) {
  /** @type {() => void} */
  let open = () => {}
  const gate = new Promise((resolve) => {
    open = () => resolve(undefined)
  })
  const before = await heapBytes()
  const all = start(async () => {
    await gate
  })
  const bytes = (await heapBytes()) - before
  open()
  await all
  return Math.round(bytes / HELD_TASKS)
}

async function heapBytes() {
  const collect = /** @type {() => void} */ (globalThis.gc)
  for (let i = 0; i < 3; i += 1) {
    collect()
    await setImmediate()
  }
  return process.memoryUsage().heapUsed
}
