import fc from 'fast-check'
import { expect, test } from 'vitest'
import { error, ScriptedKernel } from '../../test/scripted-kernel.js'
import { encodeMessages } from '../codec/message.js'
import { PayloadWriter } from '../codec/payload-writer.js'
import { NetlinkConnection } from '../connection/connection.js'
import { NETLINK_GENERIC, NETLINK_NETFILTER, NETLINK_ROUTE } from '../constants.js'
import { describeDatagram } from './describe-message.js'
import { traced, tracedTransport } from './traced-transport.js'

test('what is sent and received is printed with its attributes', async () => {
  const lines: string[] = []
  const kernel = new ScriptedKernel((request, k) => k.reply(request, error(-17)))
  const transport = tracedTransport(kernel, NETLINK_NETFILTER, (line) => lines.push(line))
  const payload = new PayloadWriter(Uint8Array.of(2, 0, 0, 0))
    .nested(5, (help) => help.text(1, 'ftp-helper'))
    .uint32BE(8, 42)
    .finish()
  const connection = new NetlinkConnection(transport)
  await connection.request({ type: 0x100, flags: 0x600, payload }).catch(() => {})
  await connection.close()
  expect(lines).toEqual([
    'port 4242 sends type 1.0 flags 0x605 seq 1 [02000000] 5(16){ 1(11)="ftp-helper" } 8(4)=0000002a',
    'port 4242 receives type 2 flags 0x0 seq 1 answer -17',
    'port 4242 closes',
  ])
})

test('without NODE_DEBUG there is nothing between the connection and its socket', () => {
  const kernel = new ScriptedKernel()
  expect(traced(kernel, NETLINK_NETFILTER)).toBe(kernel)
})

test('any bytes can be described', () => {
  const protocol = fc.constantFrom(NETLINK_NETFILTER, NETLINK_ROUTE, NETLINK_GENERIC, 4)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), protocol, fc.nat(1100), (payload, spoken, type) => {
      expect(describeDatagram(payload, spoken)).toBeTypeOf('string')
      const datagram = encodeMessages([{ type, flags: 0x200, sequence: 1, payload }])
      expect(describeDatagram(datagram, spoken)).toContain('seq 1')
    }),
  )
})
