import { setTimeout as delay } from 'node:timers/promises'
import { output, startProgram } from '../commands.mjs'
import { inside } from '../namespaces.mjs'
import { SENDER_CORE } from '../placement.mjs'

/** Slow start and, for a forwarder in JavaScript, the compilation of its loop. */
const WARM_UP_SECONDS = 1

/**
 * iperf3, one flow.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {string} options.client Host that connects.
 * @param {string} options.server Host that listens.
 * @param {string} options.address Of the server.
 * @param {boolean} [options.reverse] The server sends. Default: the client does.
 * @param {(address: string, port: number) => boolean} options.expects Whether the server may see the client like this;
 *   without such a check a path that does something else would pass.
 * @returns {import('./load.mjs').Load}
 */
export function tcpBulk({ name, title, client, server, address, reverse = false, expects }) {
  return {
    name,
    title,
    conditions: 'iperf3, 1 flow, the sink reads, offloads of veth and TUN on',
    unit: 'Gbit/s',
    scale: 1e9,
    digits: 2,
    async run({ seconds, during }) {
      const listen = ['iperf3', '--server', '--one-off', '--forceflush']
      const listener = await startProgram(inside(server, listen, reverse ? SENDER_CORE : undefined), {
        ready: 'Server listening',
      })
      try {
        const time = ['--time', String(seconds), '--omit', String(WARM_UP_SECONDS)]
        const send = ['iperf3', '--client', address, '--json', ...time, ...(reverse ? ['--reverse'] : [])]
        const timeoutMs = (seconds + WARM_UP_SECONDS + 10) * 1000
        const done = output(inside(client, send, reverse ? undefined : SENDER_CORE), { timeoutMs })
        // iperf3 does not say when it begins to count, so this window only lies inside its own.
        await Promise.race([done, delay(WARM_UP_SECONDS * 1000 + 200)])
        await during.begin()
        await Promise.race([done, delay(seconds * 1000 - 400)])
        await during.end()
        const result = evaluate(JSON.parse(await done))
        // Of the data connection; iperf3 says "Accepted connection" of the other one.
        const [, from = '', port] = /connected to (\S+) port (\d+)/.exec(listener.printed()) ?? []
        if (!expects(from, Number(port))) throw new Error(`the connection came from ${from}:${port}`)
        return result
      } finally {
        await listener.stop()
      }
    },
  }
}

/**
 * @param {any} result
 * @returns {import('./load.mjs').LoadResult}
 */
function evaluate(result) {
  if (result.error) throw new Error(`iperf3: ${result.error}`)
  const received = result.end.sum_received
  const rate = received.bits_per_second
  if (!(rate > 0)) throw new Error('iperf3 delivered nothing')
  return { rate, details: { seconds: received.seconds, retransmits: result.end.sum_sent.retransmits ?? 0 } }
}
