import { fileURLToPath } from 'node:url'
import { type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, enterWatching, type ReservationLab } from './reservation-lab.js'

interface Held {
  id: number
  fd: number
}

interface Loss {
  id: number
  code: string
  listener: string
}

let room: ReservationLab
let watcher: NetnsChild
beforeAll(async () => {
  room = await createReservationLab()
  watcher = await enterWatching(room)
})
afterEach(() => Promise.all([room.reset(), watcher.call('reset'), watcher.call('takeLosses')]))
afterAll(() => room?.lab.close())

const tuple = { address: '192.0.2.1', ports: 9005, remoteAddress: '198.51.100.7', remotePort: 443 }
const whole = { ...tuple, ports: { first: 9000, last: 9999 } }
const udp = { protocol: 'udp', address: '192.0.2.1', ports: 9005 }

/** Destroys the sockets of these ports, as an administrator may. */
async function destroy(...filter: string[]): Promise<void> {
  await room.lab.exec('host', 'ss', ['-K', '-t', '-u', '-a', ...filter])
}

async function watched(kind: string, options: object, listener?: string): Promise<Held> {
  const held = await watcher.call<Held>('reserve', kind, options)
  await watcher.call('watch', held.id, listener)
  return held
}

/** What was lost up to now: another tuple is destroyed after the others, and its loss has been told. */
async function lossesUntilNow(): Promise<Loss[]> {
  const { id } = await watched('tuple', { ...tuple, ports: 9998, remotePort: 9998 })
  await destroy('sport = :9998 and dport = :9998')
  const losses: Loss[] = []
  await waitFor(async () => {
    losses.push(...(await watcher.call<Loss[]>('takeLosses')))
    return losses.some((loss) => loss.id === id)
  })
  return losses.filter((loss) => loss.id !== id)
}

const destroyed = { code: 'ECONNABORTED', released: true, hint: expect.stringContaining('ss -K') }

describe('what `ss -K` destroys', () => {
  test.each(['tuple', 'repair'])('is lost if it is a %s, and the watch tells once', async (kind) => {
    const { id } = await watched(kind, tuple)
    await destroy('sport = :9005')
    expect(await lossesUntilNow()).toMatchObject([{ id, ...destroyed }])
    await expect(room.rival.call('reserve', 'tuple', tuple)).resolves.toBeDefined()
    expect(await lossesUntilNow()).toEqual([])
  })

  test('is lost if it is a UDP port that the kernel picked, and kept if it was bound by name', async () => {
    const { id } = await watched('port', { ...udp, ports: { first: 9100, last: 9100 } })
    await watched('port', udp)
    // A range of one is bound by name.
    const picked = await watched('port', { ...udp, ports: { first: 9200, last: 9201 } })
    for (let round = 0; round < 2; round += 1) {
      await destroy('sport >= :9000')
      expect(await lossesUntilNow()).toMatchObject(round === 0 ? [{ id: picked.id, ...destroyed }] : [])
      const refused = { code: 'EADDRINUSE' }
      await expect(room.rival.call('reserve', 'port', udp)).rejects.toMatchObject(refused)
      await expect(room.rival.call('reserve', 'port', { ...udp, ports: 9100 })).rejects.toMatchObject(refused)
    }
    expect(await watcher.call('stateOf', id)).toMatchObject({ released: false })
  })

  test('is told for each of a thousand', async () => {
    await watcher.call('fill', 'tuple', whole)
    await watcher.call('watchAll')
    await destroy('dport = :443')
    const losses = await lossesUntilNow()
    expect(losses).toHaveLength(1000)
    expect(new Set(losses.map(({ id }) => id)).size).toBe(1000)
  })
})

describe('a watch', () => {
  test('is one of 2,000 in a single epoll, and nobody is called while nothing happens', async () => {
    await watched('tuple', tuple)
    const before = await watcher.call<number[]>('epolls')
    await watcher.call('reset')
    for (const remotePort of [80, 443]) await watcher.call('fill', 'tuple', { ...whole, remotePort })
    await watcher.call('watchAll')
    const after = await watcher.call<number[]>('epolls')
    expect(after).toHaveLength(before.length)
    expect(sum(after) - sum(before)).toBe(1999)
    expect(await lossesUntilNow()).toEqual([])
  })

  test('does not hold the process open', async () => {
    const script = fileURLToPath(new URL('./cases/falls-off-the-end.mjs', import.meta.url))
    const { stdout } = await room.lab.exec('host', process.execPath, [script])
    expect(stdout).toBe('fell off the end\n')
  })

  test('ends with the release, and with an undefined listener', async () => {
    await lossesUntilNow()
    const before = sum(await watcher.call('epolls'))
    const released = await watched('tuple', tuple)
    const unwatched = await watched('tuple', { ...tuple, ports: 9006 })
    expect(sum(await watcher.call('epolls'))).toBe(before + 2)
    await watcher.call('release', released.id)
    await watcher.call('unwatch', unwatched.id)
    expect(sum(await watcher.call('epolls'))).toBe(before)
    await destroy('dport = :443')
    expect(await lossesUntilNow()).toEqual([])
  })

  test('of a released reservation is over although another process keeps a copy of its descriptor', async () => {
    await lossesUntilNow()
    const before = sum(await watcher.call('epolls'))
    const { id } = await watched('tuple', tuple)
    await watcher.call('copyElsewhere', id)
    await watcher.call('release', id)
    expect(sum(await watcher.call('epolls'))).toBe(before)
    await expect(room.rival.call('reserve', 'tuple', tuple)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
    await destroy('sport = :9005')
    expect(await lossesUntilNow()).toEqual([])
    await watcher.call('letCopyGo')
  })

  test('that is set again replaces the listener', async () => {
    const { id } = await watched('tuple', tuple, 'first')
    await watcher.call('watch', id, 'second')
    await destroy('sport = :9005')
    expect(await lossesUntilNow()).toMatchObject([{ id, listener: 'second' }])
  })

  test('does not confuse reservations that had the same descriptor number', async () => {
    const first = await watched('tuple', tuple)
    await watcher.call('release', first.id)
    const second = await watcher.call<Held>('reserve', 'tuple', tuple)
    expect(second.fd).toBe(first.fd)
    await destroy('sport = :9005')
    expect(await lossesUntilNow()).toEqual([])
    await watcher.call('release', second.id)
    const third = await watched('tuple', tuple)
    expect(third.fd).toBe(first.fd)
    await destroy('sport = :9005')
    expect(await lossesUntilNow()).toMatchObject([{ id: third.id }])
  })

  test('whose listener throws is an uncaught exception, and the other losses are told', async () => {
    const thrower = await watched('tuple', tuple, 'throw')
    const other = await watched('tuple', { ...tuple, ports: 9006 })
    await destroy('dport = :443')
    const losses = await lossesUntilNow()
    expect(losses.map(({ id }) => id).sort((a, b) => a - b)).toEqual([thrower.id, other.id])
    expect(await watcher.call('takeUncaught')).toEqual([`the listener of ${thrower.id} throws`])
    expect(await watcher.call('stateOf', thrower.id)).toMatchObject({ released: true })
  })

  test('is not told any more when another listener has released its reservation', async () => {
    await watched('tuple', tuple, 'release all')
    await watched('tuple', { ...tuple, ports: 9006 }, 'release all')
    await destroy('dport = :443')
    await waitFor(async () => (await watcher.call<Loss[]>('takeLosses')).length === 1)
    expect(await lossesUntilNow()).toEqual([])
  })

  test('of a released reservation is refused', async () => {
    const { id } = await watcher.call<Held>('reserve', 'tuple', tuple)
    await watcher.call('release', id)
    await expect(watcher.call('watch', id)).rejects.toMatchObject({ code: 'ERR_RELEASED' })
  })

  test.each(['terminate', 'of itself'])(
    'of a worker that ends (%s) does not take the process along',
    async (end) => {
      await using other = await enterWatching(room)
      await other.call('watchInWorker', whole, 500, end)
      await destroy('dport = :443')
      expect(await other.call('takeUncaught')).toEqual([])
      expect(await other.call('fill', 'tuple', whole)).toMatchObject({ refusal: { full: true } })
    },
  )
})

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0)
}
