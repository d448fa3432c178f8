import { expect, test } from 'vitest'
import { UsageError } from '../usage-error.js'
import { FILTER_OPTIONS, flowFilter } from './filter-options.js'
import { parseOptions } from './parse-options.js'

const filterOf = (...args: string[]) => flowFilter(parseOptions(args, FILTER_OPTIONS))

test('no option is an empty filter', () => {
  expect(filterOf()).toEqual({})
})

test('options have the words of a FlowFilter, and the letters of the C tool', () => {
  const long = filterOf(
    ...['--family=4', '--protocol', 'TCP', '--source', '192.0.2.0/24', '--destination', '198.51.100.1'],
    ...['--source-port', '4000-4999', '--destination-port', '443', '--mark', '0x100/0xf00', '--zone', '0'],
    ...[
      '--status',
      'assured,SEEN_REPLY',
      '--not-status',
      'DYING',
      '--state',
      'established',
      '--labels',
      '0102',
    ],
    ...['--reply-source', '203.0.113.1', '--reply-destination-port', '9000'],
  )
  expect(long).toEqual({
    family: 4,
    protocol: 'tcp',
    source: '192.0.2.0/24',
    destination: '198.51.100.1',
    sourcePort: [4000, 4999],
    destinationPort: 443,
    mark: { value: 0x100, mask: 0xf00 },
    zone: 0,
    status: { set: ['ASSURED', 'SEEN_REPLY'], clear: ['DYING'] },
    tcpState: 'ESTABLISHED',
    labels: Uint8Array.of(1, 2),
    reply: { source: '203.0.113.1', destinationPort: 9000 },
  })
  const letters = filterOf(
    '-f6',
    '-p',
    '58',
    '-s',
    '2001:db8::/32',
    '-d',
    '2001:db8::1',
    '-m',
    '7',
    '-w',
    '5',
    '-u',
    'ASSURED',
  )
  expect(letters).toEqual({
    family: 6,
    protocol: 58,
    source: '2001:db8::/32',
    destination: '2001:db8::1',
    mark: 7,
    zone: 5,
    status: { set: ['ASSURED'] },
  })
})

test.each([
  [['--family', '5']],
  [['--protocol', 'tpc']],
  [['--protocol', '256']],
  [['--source-port', '70000']],
  [['--source-port', '9-1']],
  [['--mark', '1/2/3']],
  [['--mark', '-1']],
  [['--mark', '0x1ffffffff']],
  [['--status', 'ASURED']],
  [['--zone', '65536']],
  [['--labels', '0']],
  [['--source', '192.0.2.1', '--source', '192.0.2.2']],
  [['--sorce', '192.0.2.1']],
  [['--source']],
  [['192.0.2.1']],
])('%j is wrong use', (args) => {
  expect(() => filterOf(...args)).toThrow(UsageError)
})

test.each([
  [['--source', '192.0.2.1/24']],
  [['--source', '192.0.2.1', '--destination', '2001:db8::1']],
  [['--protocol', 'icmp', '--source-port', '1']],
])('%j is refused in the words of the package', (args) => {
  expect(() => filterOf(...args)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
})
