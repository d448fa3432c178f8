import { NetlinkError } from '@slatfatf/netlink'
import { expect, test } from 'vitest'
import { isConntrackError } from './conntrack-error.js'
import { conntrackError, describeFlow, refusal } from './refusal.js'

const original = {
  source: '2001:db8::1',
  destination: '2001:db8::2',
  protocol: 'tcp',
  sourcePort: 1,
  destinationPort: 2,
}

test('the refused attribute is named, with the words of the kernel', () => {
  const error = new NetlinkError('create: no', {
    code: 'ERANGE',
    errno: -34,
    kernelMessage: 'Attribute failed policy validation',
    attributePath: 'CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_SRC',
  })
  const told = conntrackError(error, { operation: 'get', flow: { original, zone: 3 } } as never)
  expect(told).toMatchObject({
    code: 'ERANGE',
    errno: -34,
    operation: 'get',
    kernelMessage: 'Attribute failed policy validation',
    attributePath: 'CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_SRC',
    cause: error,
  })
  expect(told.message).toContain(
    'get tcp [2001:db8::1]:1 → [2001:db8::2]:2 zone 3: Attribute failed policy validation at',
  )
})

test('what is not of netlink stays as it is', () => {
  const error = new Error('mine')
  expect(refusal(error, { operation: 'dump' })).toBe(error)
})

test('what is no refusal of the kernel keeps its own hint', () => {
  const error = new NetlinkError('open: no such file', {
    code: 'ENOENT',
    errno: -2,
    syscall: 'setns',
    hint: 'no namespace',
  })
  const told = refusal(error, { operation: 'open' })
  expect(isConntrackError(told) && told.hint).toBe('no namespace')
})

test('an entry is described by the tuple that is known', () => {
  const reply = { source: Uint8Array.of(192, 0, 2, 1), destination: '198.51.100.1', protocol: 89 }
  expect(describeFlow({ reply })).toBe('89 192.0.2.1 → 198.51.100.1 (reply)')
  expect(describeFlow({})).toBe('without a tuple')
})
