import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** Datagrams of a flow that are under way at once: enough to be overtaken, too few for the buffer of the receiver to run over. */
const WINDOW = 4
const PORT = 7001
/** Datagrams longer than this one say by their length in which round of settling they were sent. */
const SETTLING = 100

const senders = []
let receiver

/** Makes `count` UDP flows from `host` to `peer`, which the readers of the device turn back to `host`. */
export async function openFlows(host, peer, count) {
  receiver = createSocket('udp4').bind(PORT, host)
  await once(receiver, 'listening')
  for (let i = 0; i < count; i += 1) {
    const sender = createSocket('udp4')
    sender.connect(PORT, peer)
    await once(sender, 'connect')
    senders.push(sender)
  }
  return senders.map((sender) => sender.address().port)
}

/** Sends one datagram on every flow, and resolves when all are with the device. */
export async function sendOnce() {
  await Promise.all(senders.map((sender) => new Promise((resolve) => sender.send('unnumbered', resolve))))
}

/**
 * Resolves when nothing is under way any more: a datagram of the same round has arrived on every flow, and with it all that was sent
 * before is through, or lost.
 */
export async function settle() {
  for (let round = 1; !(await completes(round)); round += 1);
}

/**
 * Sends `each` numbered datagrams on every flow and resolves when as many have arrived, with how many did not carry the number
 * behind that of their predecessor.
 */
export async function sendNumbered(each) {
  const expected = new Map(senders.map((sender) => [sender.address().port, 0]))
  let disordered = 0
  let missing = senders.length * each
  const done = new Promise((resolve) => {
    receiver.on('message', (message, { port }) => {
      if (message.length !== 4) return
      const number = message.readUInt32BE()
      if (number !== expected.get(port)) disordered += 1
      expected.set(port, number + 1)
      missing -= 1
      if ((number + 1) % WINDOW === 0) sendWindow(senderOf(port), number + 1, each)
      if (missing === 0) resolve()
    })
  })
  for (const sender of senders) sendWindow(sender, 0, each)
  await done
  receiver.removeAllListeners('message')
  return { disordered }
}

/** Whether the datagrams of this round arrive on all flows; one may be lost while buffers are full. */
async function completes(round) {
  const waiting = new Set(senders)
  const impatient = AbortSignal.timeout(500)
  const seen = ({ length }, { port }) => {
    if (length !== SETTLING + round) return
    waiting.delete(senderOf(port))
    if (waiting.size === 0) receiver.emit('settled')
  }
  receiver.on('message', seen)
  for (const sender of senders) sender.send(Buffer.alloc(SETTLING + round))
  await once(receiver, 'settled', { signal: impatient }).catch(() => {})
  receiver.off('message', seen)
  return waiting.size === 0
}

function sendWindow(sender, from, each) {
  for (let number = from; number < Math.min(from + WINDOW, each); number += 1) {
    const message = Buffer.alloc(4)
    message.writeUInt32BE(number)
    sender.send(message)
  }
}

function senderOf(port) {
  return senders.find((sender) => sender.address().port === port)
}
