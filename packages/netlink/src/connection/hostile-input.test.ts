import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acknowledge, done, ScriptedKernel } from '../../test/scripted-kernel.js'
import { readAttributes } from '../codec/attribute-reader.js'
import { encodeMessages, type NetlinkMessage } from '../codec/message.js'
import { NLM_F_DUMP } from '../constants.js'
import { isNetlinkError } from '../errors/netlink-error.js'
import { NetlinkConnection } from './connection.js'

/** Walks all there is, as a decoder does that trusts nobody. */
function readAll({ payload }: NetlinkMessage): number {
  let total = 0
  for (const a = readAttributes(payload, 4); a.next(); ) {
    total += a.length
    for (const inside = a.nested(); inside.next(); ) total += inside.length
  }
  return total
}

const message = fc.record({
  type: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant(100)),
  flags: fc.nat(0xffff),
  sequence: fc.integer({ min: 0, max: 4 }),
  payload: fc.uint8Array({ maxLength: 48 }),
})
const datagram = fc
  .tuple(
    fc.array(message, { maxLength: 4 }),
    fc.boolean(),
    fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 3 }),
  )
  .map(([messages, isOurs, changes]) => {
    const bytes = encodeMessages(messages)
    // Port 4242, so that the answer is taken for one of ours.
    if (isOurs && bytes.length > 0) new DataView(bytes.buffer).setUint32(12, 4242, true)
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
    return bytes
  })

test('spoiled answers to requests, dumps, streams and bulks end in errors of netlink and in nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(datagram, { maxLength: 4 }), async (datagrams) => {
      const kernel = new ScriptedKernel((request, k) => {
        k.queue(...datagrams)
        if ((request.flags & NLM_F_DUMP) === NLM_F_DUMP) k.reply(request, done())
        else acknowledge(request, k)
      })
      const connection = new NetlinkConnection(kernel)
      connection.subscribe({ message() {}, lost() {} })
      const stream = connection.stream({ type: 100 }, readAll)
      const ends = await Promise.allSettled([
        connection.request({ type: 100 }, readAll),
        connection.dump({ type: 100 }, readAll),
        connection.bulk(3, () => {}, { type: 100, reply: (_, reply) => readAll(reply) }),
        (async () => {
          for await (const _ of stream) {
          }
        })(),
      ])
      for (const end of ends) if (end.status === 'rejected') expect(isNetlinkError(end.reason)).toBe(true)
      await connection.close()
    }),
  )
})
