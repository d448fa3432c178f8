import { isNetlinkError, PayloadWriter } from '@slatfatf/netlink'
import { expect, test } from 'vitest'
import { captured, expectationNames, viewOf } from '../../test/captured.js'
import { decodeExpectation } from './decode-expectation.js'
import { decodeCpuStatistics, decodeExpectationCpuStatistics, decodeStatistics } from './decode-statistics.js'
import { writeNewExpectation } from './encode-expectation.js'

const v4 = { source: '192.0.2.1', destination: '198.51.100.1', protocol: 'tcp' }

test('an expectation has its tuples, its helper and its translation', () => {
  expect(decodeExpectation(captured('expectationNewEvent'))).toEqual({
    family: 4,
    tuple: { ...v4, sourcePort: 0, destinationPort: 5000 },
    mask: {
      source: '0.0.0.0',
      destination: '255.255.255.255',
      protocol: 'tcp',
      sourcePort: 0,
      destinationPort: 65535,
    },
    master: { ...v4, sourcePort: 40001, destinationPort: 21 },
    nat: {
      direction: 'reply',
      tuple: { ...v4, destination: '0.0.0.0', sourcePort: 6000, destinationPort: 0 },
    },
    timeout: 300,
    id: expect.any(Number),
    flags: 0,
    class: 0,
    helper: 'ftp',
  })
})

test.each(expectationNames)('%s can be said to the kernel as it was said by it', (name) => {
  const { family, id, timeout, ...expectation } = decodeExpectation(captured(name))
  const writer = new PayloadWriter()
  writeNewExpectation(writer, { ...expectation, timeoutSeconds: timeout })
  expect(decodeExpectation(viewOf(writer.finish()))).toEqual({ family, timeout, ...expectation })
})

test('an expectation that is cut anywhere is malformed', () => {
  const whole = captured('expectationNewEvent')
  for (let length = 0; length < whole.byteLength; length++) {
    try {
      decodeExpectation(new DataView(whole.buffer, whole.byteOffset, length))
    } catch (error) {
      expect(isNetlinkError(error) && error.code).toBe('ERR_NETLINK_MALFORMED')
    }
  }
})

test('statistics are numbers by name, with the CPU from the header', () => {
  expect(decodeStatistics(captured('statistics'))).toEqual({ entries: 15, maxEntries: 262144 })
  expect(decodeCpuStatistics(captured('cpuStatistics'))).toMatchObject({
    cpu: 0,
    insert: expect.any(Number),
    clashResolve: 0,
    chainTooLong: 0,
  })
  expect(decodeExpectationCpuStatistics(captured('expectationCpuStatistics'))).toMatchObject({
    cpu: 0,
    new: expect.any(Number),
    create: expect.any(Number),
  })
  expect(() => decodeStatistics(viewOf(Uint8Array.of(1)))).toThrow(
    expect.objectContaining({ code: 'ERR_NETLINK_MALFORMED' }),
  )
})
