import { setTimeout as delay } from 'node:timers/promises'
import { output, startProgram } from '../../harness/commands.mjs'
import { inside, LAB } from '../lab.mjs'
import { SENDER_CORE } from '../placement.mjs'

const { slice, internet } = LAB
/** Slow start and, for fish, the compilation of its loop. */
const WARM_UP_SECONDS = 1

/**
 * @param {'out' | 'back'} direction
 * @returns {import('./load.mjs').Load}
 */
function tcpBulk(direction) {
  const back = direction === 'back'
  return {
    name: back ? 'tcp_back' : 'tcp',
    title: back ? 'TCP bulk back (internet → client)' : 'TCP bulk out (client → internet)',
    conditions: 'iperf3, 1 flow, the sink reads, offloads of veth and TUN on',
    unit: 'Gbit/s',
    scale: 1e9,
    digits: 2,
    async run({ seconds, during }) {
      const listen = ['iperf3', '--server', '--one-off', '--forceflush']
      const server = await startProgram(inside('internet', listen, back ? SENDER_CORE : undefined), {
        ready: 'Server listening',
      })
      try {
        const time = ['--time', String(seconds), '--omit', String(WARM_UP_SECONDS)]
        const send = ['iperf3', '--client', internet, '--json', ...time, ...(back ? ['--reverse'] : [])]
        const timeoutMs = (seconds + WARM_UP_SECONDS + 10) * 1000
        const done = output(inside('client', send, back ? undefined : SENDER_CORE), { timeoutMs })
        // iperf3 does not say when it begins to count, so this window only lies inside its own.
        await Promise.race([done, delay(WARM_UP_SECONDS * 1000 + 200)])
        await during.begin()
        await Promise.race([done, delay(seconds * 1000 - 400)])
        await during.end()
        return evaluate(JSON.parse(await done), server.printed())
      } finally {
        await server.stop()
      }
    },
  }
}

/**
 * @param {any} result
 * @param {string} serverLog
 * @returns {import('./load.mjs').LoadResult}
 */
function evaluate(result, serverLog) {
  if (result.error) throw new Error(`iperf3: ${result.error}`)
  const received = result.end.sum_received
  const rate = received.bits_per_second
  if (!(rate > 0)) throw new Error('iperf3 delivered nothing')
  // The data connection; without this check a path that does not translate would pass.
  const [, address, port] = /connected to (\S+) port (\d+)/.exec(serverLog) ?? []
  if (address !== slice.address || Number(port) < slice.first || Number(port) > slice.last) {
    throw new Error(`the connection came from ${address}:${port}, which is outside the slice`)
  }
  return { rate, details: { seconds: received.seconds, retransmits: result.end.sum_sent.retransmits ?? 0 } }
}

export const tcpOut = tcpBulk('out')
export const tcpBack = tcpBulk('back')
