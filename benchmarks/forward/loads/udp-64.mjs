import { setTimeout as delay } from 'node:timers/promises'
import { startProgram } from '../../harness/commands.mjs'
import { compileNativeProgram } from '../../harness/native-program.mjs'
import { inside, LAB } from '../lab.mjs'
import { SENDER_CORE } from '../placement.mjs'

const { slice, internet, internetInterface } = LAB
const PORT = 9000
const PAYLOAD_BYTES = 64
const WARM_UP_MS = 700

/**
 * @param {'idle' | 'read'} sink
 * @returns {import('./load.mjs').Load}
 */
function udp64(sink) {
  const reads = sink === 'read'
  return {
    name: reads ? 'udp64_sink_reads' : 'udp64',
    title: `UDP ${PAYLOAD_BYTES} bytes out, sink ${reads ? 'reading' : 'idle'}`,
    conditions: `sendmmsg without pacing, 1 flow, ${PAYLOAD_BYTES} bytes of payload, ${
      reads
        ? 'a process reads the socket, and what it got is counted'
        : 'nobody reads the socket, packets are counted at the far interface'
    }`,
    unit: 'kpps',
    scale: 1e3,
    digits: 1,
    async run({ seconds, during }) {
      const sinkProgram = await compileNativeProgram('udp-sink')
      const blastProgram = await compileNativeProgram('udp-blast')
      const count = [sinkProgram, sink, PORT, internetInterface, WARM_UP_MS, seconds * 1000]
      const from = [slice.address, slice.first, slice.last]
      const receiver = await startProgram(inside('internet', [...count, ...from].map(String)), {
        ready: 'ready\n',
      })
      const blast = [blastProgram, internet, PORT, seconds + 10, PAYLOAD_BYTES].map(String)
      const sender = await startProgram(inside('client', blast, SENDER_CORE), { ready: 'sending\n' })
      try {
        const done = receiver.ended()
        done.catch(() => {})
        await Promise.race([done, delay(WARM_UP_MS)])
        await during.begin()
        await Promise.race([done, delay(seconds * 1000 - 200)])
        await during.end()
        return evaluate(reads, JSON.parse((await done).replace('ready\n', '')))
      } finally {
        await sender.stop()
        await receiver.stop()
      }
    },
  }
}

/**
 * @param {boolean} reads
 * @param {{ arrived: number, read: number, seconds: number }} counted
 * @returns {import('./load.mjs').LoadResult}
 */
function evaluate(reads, { arrived, read, seconds }) {
  const delivered = reads ? read : arrived
  if (delivered === 0) throw new Error('no packet was delivered')
  return { rate: delivered / seconds, details: { arrived, read, seconds } }
}

export const udpSinkIdle = udp64('idle')
export const udpSinkReads = udp64('read')
