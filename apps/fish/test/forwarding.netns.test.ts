import { waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EdgeLab, ORIGIN, OTHER_ORIGIN, SLICE } from './edge-lab.js'

let edge: EdgeLab

beforeAll(async () => {
  edge = await EdgeLab.create()
  for (const port of [80, 81, 82]) await edge.internet.call('listenTcp', port)
  await edge.start({ settings: 'timeouts: { udpMs: 60000, icmpMs: 2000 }' })
})

afterAll(() => edge.close())

/** Port of a source that must lie in the slice. */
function slicePort(source: string): number {
  const [address, port] = source.split(':')
  expect(address).toBe(SLICE)
  expect(Number(port)).toBeGreaterThanOrEqual(9000)
  expect(Number(port)).toBeLessThanOrEqual(9999)
  return Number(port)
}

interface Held {
  id: number
  seenAs: string
  localPort: number
}

describe('TCP', () => {
  it('leaves from inside the slice and carries data both ways', async () => {
    const { id, seenAs } = await edge.client.call<Held>('connectTcp', { host: ORIGIN, port: 80 })
    slicePort(seenAs)
    expect(await edge.client.call('say', id, 'hello')).toBe('hello')
    await edge.client.call('finish', id)
  })

  it('carries a megabyte through super-packets unharmed', async () => {
    const { id } = await edge.client.call<Held>('connectTcp', { host: ORIGIN, port: 80 })
    expect(await edge.client.call('pump', id, 1 << 20)).toBe(1 << 20)
    await edge.client.call('reset', id)
  })

  it('holds the tuple against a program of the host, which goes on with another', async () => {
    const { id, seenAs } = await edge.client.call<Held>('connectTcp', { host: ORIGIN, port: 81 })
    const localPort = slicePort(seenAs)
    const attempt = edge.edge.call('connectTcp', { host: ORIGIN, port: 81, localAddress: SLICE, localPort })
    await expect(attempt).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(await edge.client.call('say', id, 'undisturbed')).toBe('undisturbed')
    await edge.client.call('reset', id)
  })

  it('leaves sockets of the host on the same slice alone', async () => {
    const options = { host: ORIGIN, port: 82, localAddress: SLICE, localPort: 9500 }
    const { id, seenAs } = await edge.edge.call<Held>('connectTcp', options)
    expect(seenAs).toBe(`${SLICE}:9500`)
    expect(await edge.edge.call('pump', id, 100_000)).toBe(100_000)
    await edge.edge.call('reset', id)
  })

  it('is answered with a reset of the origin when nothing listens there, and the client hears it', async () => {
    const attempt = edge.client.call('connectTcp', { host: ORIGIN, port: 4321 })
    await expect(attempt).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('lets no packet in the middle of an unknown connection through', async () => {
    const { id } = await edge.client.call<Held>('connectTcp', { host: ORIGIN, port: 80 })
    const before = await edge.metric('fish_dropped_packets_total{reason="tcp_without_flow"}')
    await edge.stop()
    await edge.start({ settings: 'timeouts: { udpMs: 60000, icmpMs: 2000 }' })
    const afterRestart = await edge.metric('fish_dropped_packets_total{reason="tcp_without_flow"}')
    expect(afterRestart).toBeLessThanOrEqual(before)
    const silent = edge.client.call('say', id, 'from before')
    await waitFor(
      async () => (await edge.metric('fish_dropped_packets_total{reason="tcp_without_flow"}')) > 0,
    )
    await expect(silent).rejects.toThrow()
    await edge.client.call('reset', id)
  })
})

describe('UDP', () => {
  it('keeps one external endpoint for all remotes (RFC 4787 REQ-1)', async () => {
    await edge.internet.call('bindUdp', { port: 7, echo: true })
    const { id } = await edge.client.call<{ id: number }>('bindUdp')
    const seen: string[] = []
    for (const host of [ORIGIN, OTHER_ORIGIN]) {
      await edge.client.call('sendUdp', id, { host, port: 7 })
      const { text } = await edge.client.call<{ text: string }>('receiveUdp', id)
      slicePort(text)
      seen.push(text)
    }
    expect(seen[0]).toBe(seen[1])
  })

  it('lets a remote in that the client never wrote to (RFC 4787 REQ-8, endpoint-independent filtering)', async () => {
    await edge.internet.call('bindUdp', { port: 8, echo: true })
    const stranger = await edge.internet.call<{ id: number; port: number }>('bindUdp', {
      address: OTHER_ORIGIN,
    })
    const { id } = await edge.client.call<{ id: number }>('bindUdp')
    await edge.client.call('sendUdp', id, { host: ORIGIN, port: 8 })
    const { text } = await edge.client.call<{ text: string }>('receiveUdp', id)
    await edge.internet.call('sendUdp', stranger.id, { host: SLICE, port: slicePort(text), text: 'surprise' })
    expect(await edge.client.call('receiveUdp', id)).toMatchObject({
      text: 'surprise',
      from: `${OTHER_ORIGIN}:${stranger.port}`,
    })
  })

  it('holds the port against a program of the host', async () => {
    await edge.internet.call('bindUdp', { port: 9, echo: true })
    const { id } = await edge.client.call<{ id: number }>('bindUdp')
    await edge.client.call('sendUdp', id, { host: ORIGIN, port: 9 })
    const { text } = await edge.client.call<{ text: string }>('receiveUdp', id)
    const attempt = edge.edge.call('bindUdp', { address: SLICE, port: slicePort(text) })
    await expect(attempt).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})

describe('ICMP', () => {
  it('carries echo, with an identifier inside the slice', async () => {
    const { stdout } = await edge.lab.exec('client', 'ping', ['-c', '3', '-i', '0.2', '-W', '5', ORIGIN])
    expect(stdout).toContain(' 0% packet loss')
    expect(await edge.metric('fish_flows{protocol="icmp"}')).toBeGreaterThan(0)
  })

  it('gives echo identifiers back after their timeout', async () => {
    await waitFor(async () => (await edge.metric('fish_flows{protocol="icmp"}')) === 0, { timeoutMs: 10_000 })
  })

  it('brings port unreachable back to the client that asked, with its own packet inside', async () => {
    expect(await edge.client.call('udpErrorOf', { host: ORIGIN, port: 4321 })).toBe('ECONNREFUSED')
  })

  it('brings host unreachable back from a router on the path, about an echo too', async () => {
    await edge.lab.sysctl('internet', 'net.ipv4.ip_forward', '1')
    await edge.lab.ip('internet', 'route', 'add', 'unreachable', '192.0.2.0/24')
    const { stdout } = await edge.lab.exec('client', 'sh', ['-c', 'ping -c 1 -W 5 192.0.2.1 || true'])
    expect(stdout).toMatch(/From 203\.0\.113\.1 .*Destination Host Unreachable/)
  })

  it('tells the client when the host itself cannot forward: fragmentation needed at the uplink', async () => {
    await edge.lab.ip('edge', 'link', 'set', 'up0', 'mtu', '1300')
    const { stdout } = await edge.lab.exec('client', 'sh', [
      '-c',
      `ping -c 1 -W 5 -M do -s 1372 ${ORIGIN} || true`,
    ])
    await edge.lab.ip('edge', 'link', 'set', 'up0', 'mtu', '1500')
    expect(stdout).toMatch(/frag needed|mtu ?= ?1300/i)
  })
})

it('counts nothing as malformed or refused in all of this', async () => {
  for (const reason of ['bad_header_checksum', 'truncated', 'write_error', 'kernel_refused', 'slices_full']) {
    expect(await edge.metric(`fish_dropped_packets_total{reason="${reason}"}`), reason).toBe(0)
  }
})
