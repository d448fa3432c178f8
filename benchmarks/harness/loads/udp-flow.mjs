import { setTimeout as delay } from 'node:timers/promises'
import { startProgram } from '../commands.mjs'
import { inside } from '../namespaces.mjs'
import { compileNativeProgram } from '../native-program.mjs'
import { SENDER_CORE } from '../placement.mjs'

const PORT = 9000
const WARM_UP_MS = 700

/** What can be counted, in words. `read` has a process that reads the socket, the others have none. */
const COUNTED = {
  arrived: 'nobody reads the socket, packets are counted at the far interface',
  datagrams: 'nobody reads the socket, datagrams are counted where the kernel would put them into it',
  read: 'a process reads the socket, and what it got is counted',
}

/**
 * One flow of UDP, as fast as one core can send.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {number} options.payloadBytes
 * @param {string} options.sender Host that sends.
 * @param {string} options.receiver Host that has the socket.
 * @param {string} options.address Of the receiver.
 * @param {string} options.receiverInterface
 * @param {{ address: string, first: number, last: number }} options.expects Where the datagrams may come from.
 * @param {keyof typeof COUNTED} options.count What is counted.
 * @returns {import('./load.mjs').Load}
 */
export function udpFlow(options) {
  const { payloadBytes, count } = options
  return {
    name: options.name,
    title: options.title,
    conditions: `sendmmsg without pacing, 1 flow, ${payloadBytes} bytes of payload, ${COUNTED[count]}`,
    unit: 'kpps',
    scale: 1e3,
    digits: 1,
    async run({ seconds, during }) {
      const sinkProgram = await compileNativeProgram('udp-sink')
      const blastProgram = await compileNativeProgram('udp-blast')
      const mode = count === 'read' ? 'read' : 'idle'
      const { address, first, last } = options.expects
      const where = [PORT, options.receiverInterface, WARM_UP_MS, seconds * 1000, address, first, last]
      const sink = [sinkProgram, mode, ...where].map(String)
      const receiver = await startProgram(inside(options.receiver, sink), { ready: 'ready\n' })
      const blast = [blastProgram, options.address, PORT, seconds + 10, payloadBytes].map(String)
      const sender = await startProgram(inside(options.sender, blast, SENDER_CORE), { ready: 'sending\n' })
      try {
        const done = receiver.ended()
        done.catch(() => {})
        await Promise.race([done, delay(WARM_UP_MS)])
        await during.begin()
        await Promise.race([done, delay(seconds * 1000 - 200)])
        await during.end()
        const counted = JSON.parse((await done).replace('ready\n', ''))
        if (counted[count] === 0) throw new Error('no packet was delivered')
        return { rate: counted[count] / counted.seconds, details: counted }
      } finally {
        await sender.stop()
        await receiver.stop()
      }
    },
  }
}
