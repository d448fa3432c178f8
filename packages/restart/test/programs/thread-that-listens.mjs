// A worker with a coordination socket at `path` and a UDP server on the descriptor `udp`. Says `open` when both are there.
import { parentPort, workerData } from 'node:worker_threads'
import { openCoordination, openUdpServer } from '@slatfatf/restart'

const nothing = async () => ({})
await openCoordination({
  path: workerData.path,
  handler: {
    identity: () => ({ pid: process.pid, generation: 0 }),
    restart: nothing,
    status: nothing,
    stop: nothing,
    rollback: nothing,
  },
})
openUdpServer({ fd: workerData.udp }, { onSession() {} })
parentPort.postMessage('open')
