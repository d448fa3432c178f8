import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

/** Modes in which nothing happens that could be waited for. */
const QUIET = ['idle', 'watching', 'waiting', 'iterating in vain']

/** Ends workers in the middle of `mode`, and resolves with what they left behind in this process. */
export async function terminate(mode, rounds, offload = 'off') {
  let descriptors
  for (let round = 0; round <= rounds; round += 1) {
    const turns = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(new URL('./worker-loop.mjs', import.meta.url), {
      workerData: { mode, offload, turns },
    })
    await once(worker, 'message')
    while (!QUIET.includes(mode) && Atomics.load(turns, 0) < 10) await setImmediate()
    await worker.terminate()
    // The first worker makes what the process keeps: the epoll of its own loop, the pool of threads.
    if (round === 0) descriptors = countDescriptors()
  }
  return { devices: countDevices(), descriptors: countDescriptors() - descriptors }
}

function countDevices() {
  return readFileSync('/proc/net/dev', 'utf8').match(/\btun\d+:/g)?.length ?? 0
}

function countDescriptors() {
  return readdirSync('/proc/self/fd').length
}
