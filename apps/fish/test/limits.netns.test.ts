import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EdgeLab, ORIGIN, OTHER_ORIGIN, SLICE } from './edge-lab.js'

let edge: EdgeLab

beforeEach(async () => {
  edge = await EdgeLab.create()
  for (const port of [80, 81]) await edge.internet.call('listenTcp', port)
})

afterEach(() => edge.close())

interface Held {
  id: number
  seenAs: string
}

const open = (host = ORIGIN, port = 80): Promise<Held> => edge.client.call<Held>('connectTcp', { host, port })
const drops = (reason: string): Promise<number> =>
  edge.metric(`fish_dropped_packets_total{reason="${reason}"}`)

describe('a slice of three ports', () => {
  beforeEach(() => edge.start({ ports: '9000-9002' }).then(() => undefined))

  it('holds three flows to one remote, refuses the fourth at once, and lets the three live', async () => {
    const held = [await open(), await open(), await open()]
    expect(new Set(held.map(({ seenAs }) => seenAs)).size).toBe(3)
    await expect(open()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(await drops('slices_full')).toBeGreaterThan(0)
    expect(await edge.metric('fish_icmp_errors_total{outcome="sent"}')).toBeGreaterThan(0)
    for (const { id } of held) expect(await edge.client.call('say', id, 'alive')).toBe('alive')
  })

  it('has room for other remotes while it is full for one (RFC 7857 §3)', async () => {
    for (let flow = 0; flow < 3; flow++) await open()
    await open(OTHER_ORIGIN)
    await open(ORIGIN, 81)
    expect(await edge.metric('fish_flows{protocol="tcp"}')).toBe(5)
  })

  it('never leases a tuple that a socket of the host holds', async () => {
    const own = await edge.edge.call<Held>('connectTcp', {
      host: ORIGIN,
      port: 80,
      localAddress: SLICE,
      localPort: 9001,
    })
    const seen = [(await open()).seenAs, (await open()).seenAs]
    expect(seen.sort()).toEqual([`${SLICE}:9000`, `${SLICE}:9002`])
    await expect(open()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(await edge.edge.call('say', own.id, 'mine')).toBe('mine')
  })

  it('tells a UDP client that every port is taken', async () => {
    await edge.internet.call('bindUdp', { port: 7, echo: true })
    for (let flow = 0; flow < 3; flow++) {
      const { id } = await edge.client.call<Held>('bindUdp')
      await edge.client.call('sendUdp', id, { host: ORIGIN, port: 7 })
      await edge.client.call('receiveUdp', id)
    }
    expect(await edge.client.call('udpErrorOf', { host: ORIGIN, port: 7 })).toBe('EHOSTUNREACH')
  })
})

describe('a client’s quota', () => {
  it('refuses the flow after the last, with the reason, and grants it when one has ended', async () => {
    await edge.start({ settings: 'limits: { flowsPerClient: 2 }\ntimeouts: { tcpTransitoryMs: 1000 }' })
    const first = await open()
    await open()
    await expect(open()).rejects.toMatchObject({ code: 'EHOSTUNREACH' })
    expect(await drops('client_has_too_many_flows')).toBeGreaterThan(0)
    await edge.client.call('reset', first.id)
    await waitFor(() => open().catch(() => undefined), { timeoutMs: 10_000 })
  })

  it('refuses flows that come too fast', async () => {
    await edge.start({ settings: 'limits: { newFlowsPerSecondPerClient: 2 }' })
    const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => open()))
    expect(attempts.some(({ status }) => status === 'rejected')).toBe(true)
    expect(await drops('client_opens_too_fast')).toBeGreaterThan(0)
  })
})

describe('a flow that is over', () => {
  it('gives its tuple back after the transitory timeout: the host can have it', async () => {
    await edge.start({ ports: '9000-9000', settings: 'timeouts: { tcpTransitoryMs: 1000 }' })
    const { id } = await open()
    await edge.client.call('finish', id)
    const own = await waitFor(
      () =>
        edge.edge
          .call<Held>('connectTcp', { host: ORIGIN, port: 80, localAddress: SLICE, localPort: 9000 })
          .catch(() => undefined),
      { timeoutMs: 10_000 },
    )
    expect(own.seenAs).toBe(`${SLICE}:9000`)
    expect(await edge.metric('fish_flows{protocol="tcp"}')).toBe(0)
  })

  it('is not ended by a reset alone while the connection goes on', async () => {
    await edge.start({ settings: 'timeouts: { tcpTransitoryMs: 240000 }' })
    const { id } = await open()
    await edge.client.call('reset', id)
    expect(await edge.metric('fish_flows{protocol="tcp"}')).toBe(1)
  })
})

describe('what fish cannot carry', () => {
  it('drops fragments and counts them', async () => {
    await edge.start()
    await edge.lab.exec('client', 'sh', ['-c', `ping -c 1 -W 1 -s 3000 ${ORIGIN} || true`])
    expect(await drops('fragment')).toBeGreaterThan(0)
  })

  it('drops packets of a client that are not from its prefix', async () => {
    await edge.start()
    await edge.lab.ip('client', 'addr', 'add', '10.99.0.1/32', 'dev', 'lo')
    await edge.lab.exec('client', 'sh', ['-c', `ping -c 1 -W 1 -I 10.99.0.1 ${ORIGIN} || true`])
    expect(await edge.metric('fish_guard_dropped_packets_total{guard="foreign_source"}')).toBeGreaterThan(0)
    expect(await edge.metric('fish_flows_opened_total')).toBe(0)
  })

  it('drops packets of a client to the slice itself (hairpin) rather than showing its private address', async () => {
    await edge.start()
    await edge.internet.call('bindUdp', { port: 7, echo: true })
    const { id } = await edge.client.call<Held>('bindUdp')
    await edge.client.call('sendUdp', id, { host: ORIGIN, port: 7 })
    const { text } = await edge.client.call<{ text: string }>('receiveUdp', id)
    const other = await edge.client.call<Held>('bindUdp')
    await edge.client.call('sendUdp', other.id, { host: SLICE, port: Number(text.split(':')[1]) })
    await waitFor(async () => (await edge.metric('fish_guard_dropped_packets_total{guard="hairpin"}')) > 0)
  })
})
