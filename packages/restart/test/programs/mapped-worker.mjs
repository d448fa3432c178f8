// One of the threads of mapped-threads.mjs: goes on using its mapping until it is terminated.
import { parentPort, workerData } from 'node:worker_threads'
import { openMappedFile } from '@slatfatf/restart'

const file = openMappedFile(workerData.fd, { version: 1 })
const counter = new Int32Array(file.buffer)
for (let round = 0; round < workerData.rounds; round++) Atomics.add(counter, 0, 1)
parentPort.postMessage('done')
setInterval(() => Atomics.add(counter, 1, 1), 1)
