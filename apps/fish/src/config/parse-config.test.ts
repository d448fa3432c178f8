import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConfigError } from './config-error.js'
import { loadConfig } from './load-config.js'
import { parseConfig } from './parse-config.js'

const smallest = 'clients: [ { interface: wg0 } ]\nslices: [ { address: 198.51.100.10, ports: 9000-9999 } ]\n'

describe('a valid configuration', () => {
  it('needs only clients and slices; everything else has a default', () => {
    expect(parseConfig(smallest, 'fish.yaml')).toEqual({
      device: { name: 'fishtun', mtu: 1500, offload: 'auto', txQueueLength: 10_000 },
      clients: [{ interface: 'wg0' }],
      slices: [{ address: '198.51.100.10', ports: { first: 9000, last: 9999 }, tags: [] }],
      egress: { tcp: 'placeholder', udp: 'port', icmp: 'echo-id', rules: [] },
      returnPath: 'socket-mark',
      routing: { mark: 42, table: 100, clientTable: 101, priority: 10 },
      limits: { flows: 65_536, flowsPerClient: 2_048, newFlowsPerSecondPerClient: 200 },
      timeouts: { tcpEstablishedMs: 7_440_000, tcpTransitoryMs: 240_000, udpMs: 300_000, icmpMs: 60_000 },
      host: { widenPortRange: false },
      stop: { quietMs: 2_000 },
      restart: { socket: '/run/fish/restart.sock', drainMs: 30_000 },
      metrics: false,
      state: { directory: '/run/fish' },
      warnings: [],
    })
  })

  it('may spell out every setting', () => {
    const config = parseConfig(
      `
      device:   { name: fish0, mtu: 1420, offload: raw, txQueueLength: 500 }
      clients:  [ { interface: wg0, prefixes: [10.64.0.0/24, 10.65.0.0/16] }, { interface: wg1 } ]
      slices:   [ { address: 198.51.100.10, ports: 9000-9999, tags: [de] }, { address: 198.51.100.11, ports: 9000 } ]
      egress:   { tcp: placeholder, udp: port, icmp: echo-id, rules: [] }
      returnPath: socket-mark
      routing:  { mark: 0x2a, table: 200, clientTable: 201, priority: 50 }
      limits:   { flows: 1000000,            # a comment
                  flowsPerClient: 2048, newFlowsPerSecondPerClient: 200 }
      timeouts: { tcpEstablishedMs: 7440000, tcpTransitoryMs: 240000, udpMs: 300000, icmpMs: 60000 }
      host:     { widenPortRange: true }
      stop:     { quietMs: 0 }
      restart:  { socket: /run/fish/restart.sock, drainMs: 30000 }
      metrics:  { listen: "[::1]:9464" }
      state:    { directory: /var/lib/fish }
      `,
      'fish.yaml',
    )
    expect(config.routing.mark).toBe(42)
    expect(config.clients[0]?.prefixes).toEqual(['10.64.0.0/24', '10.65.0.0/16'])
    expect(config.slices[1]?.ports).toEqual({ first: 9000, last: 9000 })
    expect(config.metrics).toEqual({ listen: { host: '::1', port: 9464 } })
    expect(config.warnings).toHaveLength(1)
    expect(config.warnings[0]).toContain('restart')
  })

  it.each([
    ['metrics: false', false],
    ['metrics: {}', { listen: { host: '127.0.0.1', port: 9464 } }],
    ['metrics: { listen: localhost:0 }', { listen: { host: 'localhost', port: 0 } }],
  ])('reads %s', (line, expected) => {
    expect(parseConfig(smallest + line, 'fish.yaml').metrics).toEqual(expected)
  })

  it('warns about each timeout below the minimum of its RFC', () => {
    const { warnings } = parseConfig(
      `${smallest}timeouts: { tcpEstablishedMs: 7439999, tcpTransitoryMs: 1, udpMs: 119999, icmpMs: 59999 }`,
      'fish.yaml',
    )
    expect(warnings).toHaveLength(4)
  })

  it('may give one address to several slices that do not overlap', () => {
    const text = `clients: [{ interface: wg0 }]
slices:
  - { address: 198.51.100.10, ports: 9000-9999 }
  - { address: 198.51.100.10, ports: 10000-10999 }`
    expect(parseConfig(text, 'fish.yaml').slices).toHaveLength(2)
  })
})

describe('hostile text', () => {
  it('is never more than a ConfigError', () => {
    const keys = fc.constantFrom(
      'device',
      'clients',
      'slices',
      '__proto__',
      'metrics',
      'interface',
      'constructor',
      '*a',
      '&a',
    )
    const text = fc.oneof(
      fc.string(),
      fc
        .array(fc.tuple(keys, fc.json()))
        .map((pairs) => pairs.map(([key, value]) => `${key}: ${value}`).join('\n')),
    )
    fc.assert(
      fc.property(text, (input) => {
        try {
          parseConfig(input, 'fish.yaml')
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError)
          expect((error as ConfigError).problems.length).toBeGreaterThan(0)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('that unfolds without end is refused', () => {
    const levels = Array.from(
      { length: 12 },
      (_, n) => `l${n + 1}: &l${n + 1} [${Array(9).fill(`*l${n}`).join(', ')}]`,
    )
    expect(() => parseConfig(`l0: &l0 [x]\n${levels.join('\n')}`, 'fish.yaml')).toThrow(ConfigError)
  })
})

describe('loadConfig', () => {
  it('reports a file that cannot be read as a ConfigError with its cause', async () => {
    const error = await loadConfig('/nonexistent/fish.yaml').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_CONFIG', cause: { code: 'ENOENT' } })
  })
})
