import { describe, expect, test } from 'vitest'
import type { Flow } from '../flow/flow.js'
import type { Tuple } from '../flow/tuple.js'
import { compileFilter } from './compile-filter.js'
import type { FlowFilter } from './flow-filter.js'
import { mayFlush, type Probe, probeAbilities } from './kernel-abilities.js'
import type { KernelFilter } from './kernel-filter.js'

const v4: Tuple = {
  source: '192.0.2.1',
  destination: '198.51.100.1',
  protocol: 'tcp',
  sourcePort: 1000,
  destinationPort: 443,
}
const flow: Flow = {
  family: 4,
  original: v4,
  reply: { ...v4, source: '203.0.113.9', destination: '192.0.2.1', sourcePort: 8443, destinationPort: 1000 },
  status: 0x0e,
  mark: 0xf5,
  zone: 3,
  protocolInfo: { tcp: { state: 'ESTABLISHED' } },
  labels: Uint8Array.of(0b1010),
}

test('an empty filter fits everything and asks the kernel for nothing', () => {
  expect(compileFilter()).toMatchObject({ kernel: {}, isEmpty: true, isExact: true })
  expect(compileFilter({}).matches(flow)).toBe(true)
})

describe('what fits, what does not, what the kernel is asked, and whether that is all', () => {
  test.each<[FlowFilter, FlowFilter, KernelFilter, boolean]>([
    [{ family: 4 }, { family: 6 }, { family: 4 }, true],
    [{ protocol: 'tcp' }, { protocol: 17 }, {}, false],
    [
      { protocol: 6, family: 4 },
      { protocol: 'udp', family: 4 },
      { family: 4, original: { protocol: 6 } },
      true,
    ],
    [
      { source: '192.0.2.1' },
      { source: '192.0.2.2' },
      { family: 4, original: { source: '192.0.2.1' } },
      true,
    ],
    [{ source: '192.0.2.0/24' }, { source: '192.0.3.0/24' }, { family: 4 }, false],
    [{ source: '0.0.0.0/0' }, { source: '::/0' }, { family: 4 }, false],
    [{ sourcePort: 1000 }, { sourcePort: 1001 }, {}, false],
    [
      { family: 4, protocol: 'tcp', destinationPort: 443 },
      { family: 4, protocol: 'tcp', destinationPort: 444 },
      { family: 4, original: { protocol: 6, destinationPort: 443 } },
      true,
    ],
    [{ destinationPort: [400, 500] }, { destinationPort: [444, 500] }, {}, false],
    [
      { reply: { source: '203.0.113.9' } },
      { reply: { source: '198.51.100.1' } },
      { family: 4, reply: { source: '203.0.113.9' } },
      true,
    ],
    [
      { family: 4, protocol: 'tcp', reply: { sourcePort: 8443 } },
      { family: 4, protocol: 'tcp', reply: { sourcePort: 443 } },
      { family: 4, original: { protocol: 6 }, reply: { protocol: 6, sourcePort: 8443 } },
      true,
    ],
    [{ mark: 0xf5 }, { mark: 0 }, { mark: { value: 0xf5, mask: 0xffffffff } }, true],
    [
      { mark: { value: 5, mask: 0xf } },
      { mark: { value: 4, mask: 0xf } },
      { mark: { value: 5, mask: 0xf } },
      true,
    ],
    [
      { status: { set: ['ASSURED'], clear: ['OFFLOAD'] } },
      { status: { clear: ['SEEN_REPLY'] } },
      { status: { value: 4, mask: 0x4004 } },
      true,
    ],
    [{ zone: 3 }, { zone: 0 }, { zone: 3 }, true],
    [{ tcpState: 'ESTABLISHED' }, { tcpState: 'CLOSE' }, {}, false],
    [{ labels: Uint8Array.of(2) }, { labels: Uint8Array.of(6) }, {}, false],
  ])('%j, not %j', (fits, not, kernel, isExact) => {
    const compiled = compileFilter(fits)
    expect(compiled.matches(flow)).toBe(true)
    expect(compileFilter(not).matches(flow)).toBe(false)
    expect(compiled.kernel).toEqual(kernel)
    expect(compiled.isExact).toBe(isExact)
  })
})

test('the kernel is never asked about an IPv6 address, which it compares the wrong way round', () => {
  const address = '2001:db8::1'
  const compiled = compileFilter({
    source: address,
    reply: { destination: address },
    protocol: 'tcp',
    sourcePort: 1000,
  })
  expect(compiled.kernel).toEqual({ family: 6, original: { protocol: 6, sourcePort: 1000 } })
  expect(compiled.isExact).toBe(false)
})

test('the kernel is asked for ports of TCP and UDP only, since it passes over those of others', () => {
  const compiled = compileFilter({ family: 4, protocol: 'sctp', sourcePort: 1 })
  expect(compiled).toMatchObject({ kernel: { family: 4, original: { protocol: 132 } }, isExact: false })
})

test('a status without bits asks for nothing, which the kernel would refuse', () => {
  expect(compileFilter({ status: {} }).kernel).toEqual({})
})

test('an entry with zones per direction is in each of them', () => {
  const both: Flow = { ...flow, zone: undefined, original: { ...v4, zone: 7 } }
  expect(compileFilter({ zone: 7 }).matches(both)).toBe(true)
  expect(compileFilter({ zone: 0 }).matches(both)).toBe(false)
})

test('addresses as bytes are compared as well', () => {
  const bytes = { ...flow, original: { ...v4, source: Uint8Array.of(192, 0, 2, 1) } }
  expect(compileFilter({ source: '192.0.2.1' }).matches(bytes as never)).toBe(true)
  expect(compileFilter({ source: '192.0.2.128/25' }).matches(bytes as never)).toBe(false)
})

test.each<unknown>([
  { sport: 1 },
  { family: 5 },
  { source: '192.0.2.1/24' },
  { source: '192.0.2.0/33' },
  { source: '192.0.2.1', destination: '::1' },
  { family: 6, source: '192.0.2.1' },
  { protocol: 'tpc' },
  { protocol: 'icmp', sourcePort: 1 },
  { sourcePort: [2, 1] },
  { mark: { value: 0x10, mask: 0xf } },
  { status: { set: ['NOT_A_BIT'] } },
  { status: { set: ['ASSURED'], clear: ['SEEN_REPLY', 'ASSURED'] } },
  { tcpState: 'ESTABLISED' },
  { zone: 65536 },
  5,
])('%j is no filter', (wrong) => {
  expect(() => compileFilter(wrong as FlowFilter)).toThrow(
    expect.objectContaining({ code: expect.stringMatching(/^ERR_INVALID_ARG_/) }),
  )
})

describe('what a kernel can is found by what it refuses', () => {
  const kernels: [string, Partial<Record<Probe, string>>, object][] = [
    [
      '6.12 and later',
      { 'dump by a status without bits': 'EINVAL', 'dump by flags without a tuple': 'EINVAL' },
      { status: true, tupleDump: true, tupleFlush: true },
    ],
    [
      '5.15',
      {
        'dump by a status without bits': 'EINVAL',
        'dump by flags without a tuple': 'EINVAL',
        'flush of nothing by flags': 'EINVAL',
      },
      { status: true, tupleDump: true, tupleFlush: false },
    ],
    [
      '5.4',
      { 'flush of nothing by flags': 'EINVAL' },
      { status: false, tupleDump: false, tupleFlush: false },
    ],
  ]
  test.each(kernels)('Linux %s', async (_, refusals, abilities) => {
    expect(await probeAbilities(async (probe) => refusals[probe])).toEqual(abilities)
  })

  test('what a kernel would ignore it is not told to flush by', () => {
    const old = { status: false, tupleDump: false, tupleFlush: false }
    expect(mayFlush({ mark: { value: 1, mask: 1 } }, old)).toBe(true)
    expect(mayFlush({ family: 4 }, old)).toBe(false)
    expect(mayFlush({ status: { value: 2, mask: 2 } }, old)).toBe(false)
    const middle = { status: true, tupleDump: true, tupleFlush: false }
    expect(mayFlush({ family: 4, status: { value: 2, mask: 2 } }, middle)).toBe(true)
    expect(mayFlush({ family: 4, original: { protocol: 6 } }, middle)).toBe(false)
    expect(mayFlush({ family: 4, reply: { protocol: 6 } }, { ...middle, tupleFlush: true })).toBe(true)
  })
})
