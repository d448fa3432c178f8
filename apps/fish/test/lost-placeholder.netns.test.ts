import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EdgeLab, ORIGIN, SLICE } from './edge-lab.js'

let edge: EdgeLab

beforeEach(async () => {
  edge = await EdgeLab.create()
  await edge.internet.call('listenTcp', 80)
})

afterEach(() => edge.close())

interface Held {
  id: number
  seenAs: string
}

const open = (): Promise<Held> => edge.client.call<Held>('connectTcp', { host: ORIGIN, port: 80 })
const portOf = ({ seenAs }: Held): string => seenAs.split(':')[1]!
const lost = (): Promise<number> => edge.metric('fish_placeholders_lost_total{reason="destroyed"}')
const flows = (): Promise<number> => edge.metric('fish_flows{protocol="tcp"}')
const strays = (): Promise<number> => edge.metric('fish_dropped_packets_total{reason="tcp_without_flow"}')

/** Destroys the socket on this port of the slice, as seen from one of the hosts. */
async function destroy(host: 'edge' | 'internet', port: string): Promise<void> {
  const filter = host === 'edge' ? ['state', 'syn-sent', 'src'] : ['dst']
  await edge.lab.exec(host, 'ss', ['-K', '-t', ...filter, `${SLICE}:${port}`])
}

/** Counts what arrives on the internet from this port of the slice; resolves with a function that tells. */
async function countFrom(port: string): Promise<() => Promise<number>> {
  await edge.lab.nft(
    'internet',
    `table ip arrived {
       counter seen { }
       chain arrivals { type filter hook prerouting priority -300; ip saddr ${SLICE} tcp sport ${port} counter name seen; }
     }`,
  )
  return async () => {
    const { stdout } = await edge.lab.exec('internet', 'nft', ['list', 'counter', 'ip', 'arrived', 'seen'])
    return Number(/packets (\d+)/.exec(stdout)?.[1])
  }
}

it('a flow ends when the kernel takes its placeholder away, and nothing leaves under its name any more', async () => {
  await edge.start()
  const doomed = await open()
  const other = await open()
  const port = portOf(doomed)
  const seen = await countFrom(port)
  expect(await edge.client.call('say', doomed.id, 'counted')).toBe('counted')
  expect(await seen()).toBeGreaterThan(0)

  await destroy('edge', port)
  await waitFor(async () => (await flows()) === 1)
  expect(await lost()).toBe(1)

  // The client does not know; what it sends belongs to no flow.
  const before = await seen()
  const refused = expect(edge.client.call('say', doomed.id, 'too late')).rejects.toThrow()
  await waitFor(async () => (await strays()) > 0)
  expect(await seen()).toBe(before)

  // The tuple is free for the host, and the client's retransmissions do not disturb whoever has it.
  await destroy('internet', port)
  const own = await edge.edge.call<Held>('connectTcp', {
    host: ORIGIN,
    port: 80,
    localAddress: SLICE,
    localPort: Number(port),
  })
  expect(own.seenAs).toBe(doomed.seenAs)
  const sofar = await strays()
  await waitFor(async () => (await strays()) > sofar)
  expect(await edge.edge.call('say', own.id, 'mine')).toBe('mine')
  await refused

  expect(await edge.client.call('say', other.id, 'alive')).toBe('alive')
  const again = await open()
  expect(await edge.client.call('say', again.id, 'again')).toBe('again')
  expect(await lost()).toBe(1)
  expect(await edge.metric('fish_flows_expired_total')).toBe(0)
})

it('a lost placeholder gives its port and the client’s quota back', async () => {
  await edge.start({ ports: '9000-9000', settings: 'limits: { flowsPerClient: 1 }' })
  const doomed = await open()
  await expect(open()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
  await destroy('edge', '9000')
  await waitFor(async () => (await lost()) === 1)
  await destroy('internet', '9000')
  expect(await open()).toMatchObject({ seenAs: doomed.seenAs })
  expect(await flows()).toBe(1)
})
