import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const outside = {
  code: 'ERR_PORT_OUTSIDE_RANGE',
  full: false,
  hint: expect.stringContaining('net.ipv4.ip_local_port_range'),
}

const tuple = { address: '192.0.2.1', remoteAddress: '198.51.100.7', remotePort: 443 }
const tuple6 = { address: '2001:db8::1', remoteAddress: '2001:db8:7::7', remotePort: 443 }
const tcpPort = { protocol: 'tcp', address: '192.0.2.1' }
const udpPort = { protocol: 'udp', address: '192.0.2.1' }
const namedToo = [
  { title: 'a tuple', kind: 'tuple', options: tuple },
  { title: 'a tuple over IPv6', kind: 'tuple', options: tuple6 },
  { title: 'a TCP port', kind: 'port', options: tcpPort },
]
const picked = [...namedToo, { title: 'a UDP port', kind: 'port', options: udpPort }]

test('the range is that of the namespace', async () => {
  expect(await room.host.call('portRangeOf')).toEqual({ first: 9000, last: 9999 })
})

const reservedPorts = {
  code: 'ERR_PORT_RESERVED',
  full: false,
  hint: expect.stringContaining('net.ipv4.ip_local_reserved_ports'),
}

/** Asks until the answer is this one: the sysctls are looked at again ten times a second at most. */
async function waitForRefusal(kind: string, options: object, code: string): Promise<void> {
  await waitFor(async () => {
    const { refusal } = await room.host.call<{ refusal: { code: string } }>('fill', kind, options)
    return refusal.code === code
  })
}

describe.each(picked)('$title of a range', ({ kind, options }) => {
  test.each([
    ['below the sysctl', { first: 8000, last: 8009 }],
    ['above the sysctl', { first: 10_000, last: 10_009 }],
    ['partly below the sysctl', { first: 8990, last: 9009 }],
    ['partly above the sysctl', { first: 9990, last: 10_009 }],
    ['around the sysctl', { first: 8000, last: 11_000 }],
  ])('%s is refused, where the kernel would silently pick elsewhere', async (_, ports) => {
    await expect(room.host.call('reserve', kind, { ...options, ports })).rejects.toMatchObject(outside)
  })

  test('can be reserved as soon as the sysctl has been widened', async () => {
    const ports = { first: 8998, last: 8999 }
    await expect(room.host.call('reserve', kind, { ...options, ports })).rejects.toMatchObject(outside)
    await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '8998 9999')
    await expect(room.host.call('reserve', kind, { ...options, ports })).resolves.toBeDefined()
  })

  test('is refused, and nothing stays open, when the sysctl has moved away meanwhile', async () => {
    const ports = { first: 9000, last: 9009 }
    await room.host.call('reserve', kind, { ...options, ports })
    await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9500 9999')
    const before = await room.host.call('openDescriptors')
    await expect(room.host.call('reserve', kind, { ...options, ports })).rejects.toMatchObject(outside)
    expect(await room.host.call('openDescriptors')).toBe(before)
  })

  test('is refused although some of it is left, when the sysctl has been narrowed meanwhile', async () => {
    const ports = { first: 9495, last: 9504 }
    await room.host.call('reserveAndRelease', kind, { ...options, ports }, 1)
    await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9500 9999')
    await waitFor(async () => {
      const asked = room.host.call('reserveAndRelease', kind, { ...options, ports }, 1)
      const { code } = await asked.then(
        () => ({ code: 'reserved' }),
        (error) => error,
      )
      return code === 'ERR_PORT_OUTSIDE_RANGE'
    })
  })

  test('is not called full when the sysctl has been narrowed meanwhile', async () => {
    const ports = { first: 9495, last: 9504 }
    await room.host.call('reserve', kind, { ...options, ports })
    await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9500 9999')
    await waitForRefusal(kind, { ...options, ports }, 'ERR_PORT_OUTSIDE_RANGE')
  })

  test('is not called full when the kernel never picks some of its ports', async () => {
    const ports = { first: 9290, last: 9309 }
    await room.host.call('reserve', kind, { ...options, ports })
    await room.lab.sysctl('host', 'net.ipv4.ip_local_reserved_ports', '9200-9209,9300')
    await waitForRefusal(kind, { ...options, ports }, 'ERR_PORT_RESERVED')
    await expect(room.host.call('reserve', kind, { ...options, ports })).rejects.toMatchObject(reservedPorts)
  })
})

describe.each(namedToo)('$title that is named', ({ kind, options }) => {
  test('may be the first and the last port of the sysctl, and none outside', async () => {
    for (const ports of [9000, 9999]) {
      expect(await room.host.call('reserve', kind, { ...options, ports })).toMatchObject({ port: ports })
    }
    for (const ports of [8999, 10_000]) {
      await expect(room.host.call('reserve', kind, { ...options, ports })).rejects.toMatchObject(outside)
    }
  })

  test('is refused, and nothing stays open, when the sysctl has moved away meanwhile', async () => {
    await room.host.call('reserve', kind, { ...options, ports: 9000 })
    await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9500 9999')
    const before = await room.host.call('openDescriptors')
    await expect(room.host.call('reserve', kind, { ...options, ports: 9001 })).rejects.toMatchObject(outside)
    expect(await room.host.call('openDescriptors')).toBe(before)
  })

  test('is not called held when the kernel never picks it', async () => {
    await room.lab.sysctl('host', 'net.ipv4.ip_local_reserved_ports', '9200-9209,9300')
    await waitForRefusal(kind, { ...options, ports: 9200 }, 'ERR_PORT_RESERVED')
  })
})

test('a UDP port that is named is bound as it is, whatever the sysctls say', async () => {
  await room.lab.sysctl('host', 'net.ipv4.ip_local_reserved_ports', '9200')
  for (const ports of [8000, 9200, 10_000]) {
    expect(await room.host.call('reserve', 'port', { ...udpPort, ports })).toMatchObject({ port: ports })
  }
})
