import { describe, expect, it } from 'vitest'
import { type ConfigProblem, isConfigError } from './config-error.js'
import { parseConfig } from './parse-config.js'

const smallest = 'clients: [ { interface: wg0 } ]\nslices: [ { address: 198.51.100.10, ports: 9000-9999 } ]\n'

function problemsOf(text: string): readonly ConfigProblem[] {
  try {
    parseConfig(text, 'fish.yaml')
  } catch (error) {
    if (isConfigError(error)) return error.problems
    throw error
  }
  return []
}

/** `line:column path` of each problem: what an editor needs to jump there. */
const places = (text: string) => problemsOf(text).map(({ line, column, path }) => `${line}:${column} ${path}`)

describe('a mistake', () => {
  it('is reported with all others, in the order of the file', () => {
    const text = `device:
  mtu: 70000
  nmae: fishtun
clients:
  - interface: a-name-much-too-long
slices:
  - address: 198.51.100.10
    ports: 9999-9000
limits: { flows: many }`
    expect(places(text)).toEqual([
      '2:8 device.mtu',
      '3:3 device.nmae',
      '5:16 clients[0].interface',
      '8:12 slices[0].ports',
      '9:18 limits.flows',
    ])
  })

  it('carries file, code and what was expected', () => {
    const [problem] = problemsOf(`${smallest}stop: { quietMs: soon }`)
    expect(problem).toMatchObject({ file: 'fish.yaml', line: 3, column: 18, path: 'stop.quietMs' })
    expect(problem?.expected).toContain('milliseconds')
    expect(() => parseConfig('', 'fish.yaml')).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }))
  })

  it.each([
    ['devcie: {}', '3:1 devcie', 'did you mean device?'],
    ['limits: { flow: 3 }', '3:11 limits.flow', 'did you mean flows?'],
    ['metrics: { lisent: x }', '3:12 metrics.lisent', 'did you mean listen?'],
    ['stop: { whatever: 3 }', '3:9 stop.whatever', 'one of quietMs'],
  ])('in a key is answered with the key that was meant: %s', (line, place, hint) => {
    expect(places(smallest + line)).toEqual([place])
    expect(problemsOf(smallest + line)[0]?.message).toContain(hint)
  })

  it.each([
    ['device: { name: "a/b" }', '3:17 device.name'],
    ['device: { name: "a b" }', '3:17 device.name'],
    ['device: { name: "fish*" }', '3:17 device.name'],
    ['device: { name: sixteen-letters- }', '3:17 device.name'],
    ['device: { name: lo }', '3:17 device.name'],
    ['device: { offload: on }', '3:20 device.offload'],
    ['device: { mtu: 575 }', '3:16 device.mtu'],
    ['device: { txQueueLength: 1.5 }', '3:26 device.txQueueLength'],
    ['device: fishtun', '3:9 device'],
    ['egress: { tcp: port }', '3:16 egress.tcp'],
    ['egress: { udp: snat }', '3:16 egress.udp'],
    ['egress: { icmp: none }', '3:17 egress.icmp'],
    ['egress: { rules: [ { to: 192.0.2.0/24 } ] }', '3:18 egress.rules'],
    ['returnPath: connmark', '3:13 returnPath'],
    ['routing: { mark: 0 }', '3:18 routing.mark'],
    ['routing: { mark: 4294967296 }', '3:18 routing.mark'],
    ['routing: { table: 0 }', '3:19 routing.table'],
    ['routing: { table: 254 }', '3:19 routing.table'],
    ['routing: { clientTable: 255 }', '3:25 routing.clientTable'],
    ['routing: { clientTable: 100 }', '3:25 routing.clientTable'],
    ['routing: { table: 101 }', '3:10 routing.clientTable'],
    ['routing: { priority: 0 }', '3:22 routing.priority'],
    ['routing: { priority: 32764 }', '3:22 routing.priority'],
    ['limits: { flows: 0 }', '3:18 limits.flows'],
    ['timeouts: { udpMs: -1 }', '3:20 timeouts.udpMs'],
    ['host: { widenPortRange: please }', '3:25 host.widenPortRange'],
    ['restart: { socket: fish.sock }', '3:20 restart.socket'],
    ['metrics: true', '3:10 metrics'],
    ['metrics: { listen: 9464 }', '3:20 metrics.listen'],
    ['metrics: { listen: 192.0.2.300:9464 }', '3:20 metrics.listen'],
    ['metrics: { listen: localhost:65536 }', '3:20 metrics.listen'],
    ['state: { directory: run }', '3:21 state.directory'],
  ])('in a value is found where it stands: %s', (line, place) => {
    expect(places(smallest + line)).toEqual([place])
  })

  it.each([
    ['ports: 0-10'],
    ['ports: 9000-65536'],
    ['ports: 9999-9000'],
    ['ports: [9000]'],
    ['ports: 9000..9999'],
  ])('in a port range is found: %s', (ports) => {
    const text = `clients: [{ interface: wg0 }]\nslices: [ { address: 198.51.100.10, ${ports} } ]`
    expect(places(text)).toEqual(['2:44 slices[0].ports'])
  })

  it.each([
    '224.0.0.1',
    '127.0.0.1',
    '0.0.0.0',
    '255.255.255.255',
    '240.0.0.1',
    '198.51.100.010',
    '2001:db8::1',
    'host.example',
  ])('in a slice address is found: %s', (address) => {
    const text = `clients: [{ interface: wg0 }]\nslices: [ { address: ${address}, ports: 9000 } ]`
    expect(places(text)).toEqual(['2:22 slices[0].address'])
  })

  it.each(['10.64.0.1/24', '10.64.0.0', '10.64.0.0/33', '2001:db8::/32'])(
    'in a client prefix is found: %s',
    (prefix) => {
      const text = `slices: [{ address: 198.51.100.10, ports: 9000 }]\nclients: [ { interface: wg0, prefixes: [ "${prefix}" ] } ]`
      expect(places(text)).toEqual(['2:42 clients[0].prefixes[0]'])
    },
  )

  it('tells an IPv6 slice that it is too early', () => {
    const [problem] = problemsOf(
      'clients: [{ interface: wg0 }]\nslices: [ { address: "2001:db8::1", ports: 9000 } ]',
    )
    expect(problem?.message).toContain('IPv6')
  })

  it('between slices names both positions', () => {
    const problems = problemsOf(`clients: [{ interface: wg0 }]
slices:
  - { address: 198.51.100.10, ports: 9000-9999 }
  - { address: 198.51.100.11, ports: 9000-9999 }
  - { address: 198.51.100.10, ports: 9500-10500 }`)
    expect(problems).toMatchObject([{ line: 5, column: 5, path: 'slices[2]' }])
    expect(problems[0]?.message).toContain('fish.yaml:3:5')
    expect(problems[0]?.message).toContain('9500-9999')
  })

  it('between slices is found even where another value is wrong', () => {
    const text = `clients: [{ interface: wg0, prefix: 3 }]
slices:
  - { address: 198.51.100.10, ports: 9000 }
  - { address: 198.51.100.10, ports: 9000 }`
    expect(places(text)).toEqual(['1:29 clients[0].prefix', '4:5 slices[1]'])
  })

  it.each([
    ['[ { interface: wg0 }, { interface: wg0 } ]', '2:45 clients[1].interface'],
    ['[ { interface: fishtun } ]', '2:25 clients[0].interface'],
    ['[]', '2:10 clients'],
  ])('in the list of clients is found: %s', (clients, place) => {
    const text = `slices: [{ address: 198.51.100.10, ports: 9000 }]\nclients: ${clients}`
    expect(places(text)).toEqual([place])
  })

  it('in an aliased part is found where the part is written', () => {
    const text = `clients: [{ interface: wg0 }]
slices:
  - &first { address: 198.51.100.10, ports: 0 }
  - *first`
    expect(places(text)).toEqual(['3:45 slices[0].ports', '3:45 slices[1].ports'])
  })

  it.each([
    ['device: { name: fishtun', 'an unclosed map'],
    [`${smallest}---\n${smallest}`, 'a second document'],
    ['a: &a [1]\nb: *c', 'an unknown alias'],
    [`${smallest}stop: {}\nstop: {}`, 'a key given twice'],
    ['[]', 'a list as the document'],
  ])('in the YAML itself has a position: %j', (text) => {
    const problems = problemsOf(text)
    expect(problems).not.toHaveLength(0)
    for (const problem of problems)
      expect(problem).toMatchObject({ file: 'fish.yaml', line: expect.any(Number) })
  })

  it('in an empty file is that clients and slices are missing', () => {
    expect(places('')).toEqual(['1:1 clients', '1:1 slices'])
  })
})
