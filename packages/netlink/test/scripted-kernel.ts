import { Buffer } from 'node:buffer'
import { encodeMessages, type NetlinkMessage } from '../src/codec/message.js'
import { NLM_F_ACK, NLM_F_MULTI, NLMSG_DONE, NLMSG_ERROR } from '../src/constants.js'
import { FakeTransport, type ReplyMessage } from '../src/fake/fake-transport.js'

export type Sent = Pick<NetlinkMessage, 'type' | 'flags' | 'sequence'>

/**
 * The fake transport with its bytes in the hands of a test, for what the real kernel does too rarely to wait for:
 * interrupted dumps, cut and malformed datagrams, lost answers. `answer` gets each request and queues datagrams, or errors
 * as -errno.
 */
export class ScriptedKernel extends FakeTransport {
  readonly sent: Sent[]

  constructor(answer: (request: Sent, kernel: ScriptedKernel) => void = acknowledge) {
    const sent: Sent[] = []
    super(({ type, flags, sequence }) => {
      const request = { type, flags, sequence }
      sent.push(request)
      answer(request, this)
    })
    this.sent = sent
  }

  /** One datagram of replies to `request`, or of messages with a sequence number. */
  override reply(request: Sent | number, ...messages: ReplyMessage[]): void {
    super.reply(typeof request === 'number' ? request : request.sequence, ...messages)
  }

  override queue(...items: (Uint8Array | Parameters<FakeTransport['queue']>[0])[]): void {
    super.queue(...items.map((item) => (item instanceof Uint8Array ? { bytes: item } : item)))
  }
}

export function acknowledge(request: Sent, kernel: ScriptedKernel): void {
  if ((request.flags & NLM_F_ACK) !== 0) kernel.reply(request, error(0))
}

export function error(errno: number): { type: number; payload: Uint8Array } {
  const payload = Buffer.alloc(20)
  payload.writeInt32LE(errno)
  return { type: NLMSG_ERROR, payload }
}

export function part(value: number, flags = 0): { type: number; flags: number; payload: Uint8Array } {
  return { type: 100, flags: NLM_F_MULTI | flags, payload: Uint8Array.of(value) }
}

export function done(flags = 0): { type: number; flags: number; payload: Uint8Array } {
  return { type: NLMSG_DONE, flags: NLM_F_MULTI | flags, payload: new Uint8Array(4) }
}

/** A multicast message, as another process causes it. */
export function event(value: number): Uint8Array {
  return encodeMessages([{ type: 100, flags: 0, sequence: 1, payload: Uint8Array.of(value) }])
}
