// Two threads map the same file and count in it; then one of them is terminated with its mapping open.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createMappedFile } from '@slatfatf/restart'

const rounds = 200_000
const file = createMappedFile({ sizeBytes: 65_536, version: 1 })
const counter = new Int32Array(file.buffer)

const workers = [1, 2].map(
  () => new Worker(new URL('mapped-worker.mjs', import.meta.url), { workerData: { fd: file.fd, rounds } }),
)
await Promise.all(workers.map((worker) => once(worker, 'message')))
const counted = counter[0]
await workers[0].terminate()
file.close()
await workers[1].terminate()
console.log(JSON.stringify({ counted, expected: 2 * rounds }))
