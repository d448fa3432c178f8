import { type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Forge, type ForgedIcmp, type ForgedTcp, startForge } from './forge.js'
import { createReservationLab, enterWatching, families, type ReservationLab } from './reservation-lab.js'

interface Held {
  id: number
  port: number
}

interface Ttls {
  ttl: number
  quotedTtl: number
}

interface Variant {
  family: string
  address: string
  origin: string
  far: string
  ignored: Ttls
  believed: Ttls
  errors: { name: string; type: number; code: number; errno: string }[]
}

interface Loss {
  id: number
  code: string
  hint: string
  released: boolean
}

let room: ReservationLab
let watcher: NetnsChild
let forge: Forge
beforeAll(async () => {
  room = await createReservationLab()
  forge = startForge(room)
  watcher = await enterWatching(room)
})
afterEach(() => Promise.all([room.reset(), watcher.call('reset'), watcher.call('takeLosses')]))
afterAll(() => room?.lab.close())

/**
 * IPv4 compares the TTL that is quoted, so whoever forges it reaches the socket; IPv6 compares the hop limit of the error
 * itself, so only a neighbour does (net/ipv4/tcp_ipv4.c, tcp_v4_err; net/ipv6/tcp_ipv6.c, tcp_v6_err).
 */
const variants: Variant[] = [
  {
    ...families[0],
    ignored: { ttl: 255, quotedTtl: 64 },
    believed: { ttl: 64, quotedTtl: 255 },
    errors: [
      { name: 'network unreachable', type: 3, code: 0, errno: 'ENETUNREACH' },
      { name: 'host unreachable', type: 3, code: 1, errno: 'EHOSTUNREACH' },
      { name: 'protocol unreachable', type: 3, code: 2, errno: 'ENOPROTOOPT' },
      { name: 'port unreachable', type: 3, code: 3, errno: 'ECONNREFUSED' },
      { name: 'time exceeded', type: 11, code: 0, errno: 'EHOSTUNREACH' },
      { name: 'parameter problem', type: 12, code: 0, errno: 'EPROTO' },
    ],
  },
  {
    ...families[1],
    ignored: { ttl: 64, quotedTtl: 255 },
    believed: { ttl: 255, quotedTtl: 64 },
    errors: [
      { name: 'no route', type: 1, code: 0, errno: 'ENETUNREACH' },
      { name: 'prohibited', type: 1, code: 1, errno: 'EACCES' },
      { name: 'address unreachable', type: 1, code: 3, errno: 'EHOSTUNREACH' },
      { name: 'port unreachable', type: 1, code: 4, errno: 'ECONNREFUSED' },
      { name: 'hop limit exceeded', type: 3, code: 0, errno: 'EHOSTUNREACH' },
      { name: 'parameter problem', type: 4, code: 0, errno: 'EPROTO' },
    ],
  },
]

describe.each(variants)('over $family', ({ address, origin, far, ignored, believed, errors }) => {
  const toFar = { address, remoteAddress: far, remotePort: 443 }
  const error = errors[0]!

  /** An error about the packet with sequence number 0 that a reservation of this port never sent. */
  function errorAbout(port: number, { type, code }: { type: number; code: number }, ttls: Ttls): ForgedIcmp {
    const quoted = { from: address, fromPort: port, to: far, toPort: 443, flags: 'S', seq: 0, ack: 0 }
    return {
      kind: 'icmp',
      type,
      code,
      from: origin,
      to: address,
      ttl: ttls.ttl,
      quoted: { ...quoted, ttl: ttls.quotedTtl },
    }
  }

  function fromRemote(flags: string, ttl: number, { seq = 0, ack = 0 } = {}): ForgedTcp {
    const ends = { from: far, fromPort: 443, to: address, toPort: 9005 }
    return { kind: 'tcp', ...ends, ttl, flags, seq, ack }
  }

  async function watched(kind: string, ports: number): Promise<Held> {
    const held = await watcher.call<Held>('reserve', kind, { ...toFar, ports })
    await watcher.call('watch', held.id)
    return held
  }

  /** What was lost up to now: an error about another tuple that is believed has overtaken nothing. */
  async function lossesUntilNow(): Promise<Loss[]> {
    const { id, port } = await watched('tuple', 9900)
    await forge(errorAbout(port, error, believed))
    const losses: Loss[] = []
    await waitFor(async () => {
      losses.push(...(await watcher.call<Loss[]>('takeLosses')))
      return losses.some((loss) => loss.id === id)
    })
    return losses.filter((loss) => loss.id !== id)
  }

  const rivalAsks = () => room.rival.call('reserve', 'tuple', { ...toFar, ports: 9005 })
  const held = { code: 'EADDRNOTAVAIL', syscall: 'connect' }

  test('a tuple ignores ICMP errors about packets of hosts, or from beyond the link', async () => {
    await watched('tuple', 9005)
    await forge(...errors.map((each) => errorAbout(9005, each, ignored)))
    expect(await lossesUntilNow()).toEqual([])
    await expect(rivalAsks()).rejects.toMatchObject(held)
  })

  test.each(errors)('a forged "$name" takes a tuple away, and the watch tells $errno', async (each) => {
    const { id } = await watched('tuple', 9005)
    await forge(errorAbout(9005, each, believed))
    const loss = await waitFor(async () => (await watcher.call<Loss[]>('takeLosses'))[0])
    expect(loss).toMatchObject({ id, code: each.errno, released: true, firstPort: 9005, fd: -1 })
    expect(loss.hint).toContain('ICMP')
    await expect(rivalAsks()).resolves.toBeDefined()
  })

  test('a tuple that nobody watches is lost without a word, and can still be released', async () => {
    const { id } = await watcher.call<Held>('reserve', 'tuple', { ...toFar, ports: 9005 })
    await forge(errorAbout(9005, error, believed))
    await lossesUntilNow()
    expect(await watcher.call('stateOf', id)).toMatchObject({ released: false })
    await expect(rivalAsks()).resolves.toBeDefined()
    expect(await watcher.call('release', id)).toEqual({ fd: -1, released: true })
  })

  test('who watches a tuple that is lost already is told', async () => {
    const { id } = await watcher.call<Held>('reserve', 'tuple', { ...toFar, ports: 9005 })
    await forge(errorAbout(9005, error, believed))
    await lossesUntilNow()
    await watcher.call('watch', id)
    await waitFor(async () => (await watcher.call<Loss[]>('takeLosses')).some((loss) => loss.id === id))
  })

  test('a repair reservation survives all of them', async () => {
    await watched('repair', 9005)
    for (const ttls of [believed, ignored]) {
      await forge(...errors.map((each) => errorAbout(9005, each, ttls)))
    }
    expect(await lossesUntilNow()).toEqual([])
    await expect(rivalAsks()).rejects.toMatchObject(held)
  })

  test.each([64, 255])('a RST with a TTL of %d does not end a tuple, which has sent nothing', async (ttl) => {
    await watched('tuple', 9005)
    await forge(fromRemote('R', ttl), fromRemote('RA', ttl), fromRemote('RA', ttl, { ack: 1 }))
    expect(await lossesUntilNow()).toEqual([])
    await expect(rivalAsks()).rejects.toMatchObject(held)
  })

  test('a RST with a TTL of 255 ends a tuple that has answered a SYN with a TTL of 255', async () => {
    await watched('tuple', 9005)
    await forge(fromRemote('S', 255, { seq: 5 }))
    expect(await lossesUntilNow()).toEqual([])
    await forge(fromRemote('R', 255, { seq: 6 }))
    expect(await lossesUntilNow()).toMatchObject([{ code: 'ECONNRESET', released: true }])
    await expect(rivalAsks()).resolves.toBeDefined()
  })

  test('a tuple that has answered a SYN with a TTL of 255 is free at once all the same when it is released', async () => {
    const { id } = await watched('tuple', 9005)
    await forge(fromRemote('S', 255, { seq: 5 }))
    expect(await lossesUntilNow()).toEqual([])
    await watcher.call('release', id)
    await expect(rivalAsks()).resolves.toBeDefined()
  })

  test('a RST ends a repair reservation if its TTL is 255, and not otherwise', async () => {
    await watched('repair', 9005)
    await forge(fromRemote('R', 64))
    expect(await lossesUntilNow()).toEqual([])
    await forge(fromRemote('R', 255))
    expect(await lossesUntilNow()).toMatchObject([{ code: 'ECONNRESET', released: true }])
    await expect(rivalAsks()).resolves.toBeDefined()
  })
})
