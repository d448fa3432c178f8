// What the programs of these tests share; they run with --expose-gc.
import { setImmediate } from 'node:timers/promises'

/** Until an object that was dropped just now has been told to be collected: then older ones have too. */
export async function collect() {
  let collected = false
  const registry = new FinalizationRegistry(() => {
    collected = true
  })
  registry.register({}, undefined)
  while (!collected) {
    gc()
    await setImmediate()
  }
}

/** Bytes in use after a collection. */
export async function heapBytes() {
  await collect()
  // What the finalizers of the first one let go.
  await collect()
  return process.memoryUsage().heapUsed
}

export function tell(value) {
  process.stdout.write(JSON.stringify(value))
}
