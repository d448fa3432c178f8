import { type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, families, type ReservationLab } from './reservation-lab.js'

interface Portable {
  pid: number
  records: object[]
  fds: number[]
}

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterAll(() => room?.lab.close())

const enterMoving = () => room.lab.enter('host', new URL('./cases/moving.mjs', import.meta.url))

async function reserveAll(child: NetnsChild, names: { kind: string; options: object }[]): Promise<number[]> {
  const held = names.map(({ kind, options }) => child.call<{ id: number }>('reserve', kind, options))
  return (await Promise.all(held)).map(({ id }) => id)
}

describe.each(families)('over $family', ({ address, far }) => {
  const tuple = { address, ports: 9005, remoteAddress: far, remotePort: 443 }
  const names = [
    { kind: 'tuple', options: tuple },
    { kind: 'tuple', options: { ...tuple, ports: 9006, shared: true } },
    { kind: 'repair', options: { ...tuple, ports: 9007 } },
    { kind: 'port', options: { protocol: 'tcp', address, ports: 9008 } },
    { kind: 'port', options: { protocol: 'udp', address, ports: 9009 } },
    { kind: 'echo-id', options: { address, id: 77 } },
  ]

  test('what a child has adopted is held without a gap when its parent is killed', async () => {
    await using parent = await enterMoving()
    await using rival = await enterMoving()
    const ids = await reserveAll(parent, names)
    const { pid, ...portable } = await parent.call<Portable>('startHeir', ids)
    const adopted = await parent.call<object[]>('askHeir', 'adopt', portable)
    expect(adopted).toEqual(portable.records.map((record, i) => ({ ...record, fd: portable.fds[i] })))

    await rival.call('startTrying', names)
    const roundsAfter = async (rounds: number) =>
      waitFor(async () => (await rival.call<number>('roundsTried')) > rounds)
    await roundsAfter(10)
    await parent.kill()
    await roundsAfter((await rival.call<number>('roundsTried')) + 100)
    expect(await rival.call('stopTrying')).toEqual([])

    process.kill(pid, 'SIGUSR2')
    for (const { kind, options } of names) {
      await waitFor(() => rival.call('reserve', kind, options), { message: `${kind} to be free` })
    }
  })

  test('what is adopted can be watched, is closed on exec, and is free when it is released', async () => {
    await using parent = await enterMoving()
    const ids = await reserveAll(parent, names)
    const { pid, ...portable } = await parent.call<Portable>('startHeir', ids)
    await parent.call('askHeir', 'adopt', portable)
    for (const id of ids) await parent.call('release', id)
    for (const fd of portable.fds) expect(await parent.call('askHeir', 'isCloseOnExec', fd)).toBe(true)
    expect(await parent.call('askHeir', 'watch')).toEqual([])
    await room.lab.exec('host', 'ss', ['-K', '-t', '-a', 'sport = :9005'])
    await waitFor(async () => (await parent.call<object[]>('askHeir', 'watch')).length > 0)
    expect(await parent.call('askHeir', 'watch')).toEqual([{ port: 9005, code: 'ECONNABORTED' }])
    await parent.call('askHeir', 'releaseAll')
    for (const { kind, options } of names) {
      await expect(room.rival.call('reserve', kind, options)).resolves.toBeDefined()
    }
    await room.reset()
    await parent.call('endHeir')
  })

  describe('adopt refuses', () => {
    const notThis = { code: 'ERR_NOT_A_RESERVATION', name: 'TfoSocketError' }
    const invalid = { code: 'ERR_INVALID_ARG_VALUE', name: 'RangeError' }
    let parent: NetnsChild
    let fds: number[]
    let records: Record<string, unknown>[]

    beforeAll(async () => {
      parent = await enterMoving()
      const ids = await reserveAll(parent, names)
      ;({ fds, records } = await parent.call('startHeir', ids))
    })
    afterAll(async () => {
      await parent.call('endHeir')
      await parent.close()
    })

    const adopt = (portable: object) => parent.call<object[]>('askHeir', 'adopt', portable)
    const changed = (i: number, change: object) => ({
      fds,
      records: records.map((record, j) => (i === j ? { ...record, ...change } : record)),
    })

    test.each([
      ['a tuple for a repair reservation', 0, { kind: 'repair' }, 'state'],
      ['a repair reservation for a tuple', 2, { kind: 'tuple' }, 'state'],
      ['a TCP port for a tuple', 3, { kind: 'tuple', remoteAddress: far, remotePort: 443 }, 'state'],
      ['a tuple for a TCP port', 0, { kind: 'port' }, 'state'],
      ['a repair reservation for a TCP port', 2, { kind: 'port' }, 'state'],
      ['a UDP port for a TCP port', 4, { protocol: 'tcp' }, 'protocol'],
      ['an echo id for a UDP port', 5, { kind: 'port', protocol: 'udp' }, 'protocol'],
      ['another port', 0, { port: 9105 }, 'port is 9005'],
      ['another address', 0, { address: far }, 'address'],
      ['a shared tuple as one that is not', 1, { shared: false }, 'SO_REUSEADDR is on'],
      ['an exclusive UDP port as a shared one', 4, { shared: true }, 'SO_REUSEADDR is off'],
    ])('%s', async (_, i, change, told) => {
      const message = expect.stringContaining(told)
      await expect(adopt(changed(i, change))).rejects.toMatchObject({ ...notThis, message })
    })

    test.each([
      ['a kind that does not exist', { kind: 'name' }],
      ['a protocol that does not fit the kind', { protocol: 'udp' }],
      ['port 0', { port: 0 }],
    ])('%s, which is the mistake of the caller', async (_, change) => {
      await expect(adopt(changed(0, change))).rejects.toMatchObject(invalid)
    })

    test('a file, a closed number, and a negative one', async () => {
      const file = await parent.call<number>('askHeir', 'openFile')
      const [first] = records
      await expect(adopt({ fds: [file], records: [first] })).rejects.toMatchObject(notThis)
      await expect(adopt({ fds: [999], records: [first] })).rejects.toMatchObject({ code: 'EBADF' })
      await expect(adopt({ fds: [-1], records: [first] })).rejects.toMatchObject(invalid)
      // 32 bits of it are a descriptor that fits.
      const large = { fds: [2 ** 32 + fds[0]!], records: [first] }
      await expect(adopt(large)).rejects.toMatchObject(invalid)
    })

    test('lists of different lengths, repeated numbers, and what is no list', async () => {
      await expect(adopt({ fds, records: records.slice(1) })).rejects.toMatchObject(invalid)
      const repeated = { fds: [fds[0], fds[0]], records: [records[0], records[0]] }
      await expect(adopt(repeated)).rejects.toMatchObject(invalid)
      const noList = { code: 'ERR_INVALID_ARG_TYPE', name: 'TypeError' }
      await expect(adopt({ fds: 4, records })).rejects.toMatchObject(noList)
      await expect(adopt({ fds, records: [...records.slice(1), null] })).rejects.toMatchObject(noList)
    })

    test('all if one is refused, and then all can still be adopted, once', async () => {
      await expect(adopt(changed(5, { port: 78 }))).rejects.toMatchObject(notThis)
      expect(await adopt({ fds, records })).toHaveLength(names.length)
      await expect(adopt({ fds, records })).rejects.toMatchObject(invalid)
    })
  })

  test.each(['tuple', 'repair'])('a %s that was taken away on the way is refused', async (kind) => {
    await using parent = await enterMoving()
    const ids = await reserveAll(parent, [{ kind, options: tuple }])
    const { pid, ...portable } = await parent.call<Portable>('startHeir', ids)
    await room.lab.exec('host', 'ss', ['-K', '-t', '-a', 'sport = :9005'])
    const asPort = portable.records.map((record) => ({ ...record, kind: 'port' }))
    for (const records of [portable.records, asPort]) {
      await expect(parent.call('askHeir', 'adopt', { ...portable, records })).rejects.toMatchObject({
        code: 'ERR_NOT_A_RESERVATION',
      })
    }
    await parent.call('endHeir')
  })
})

test('the address of a record may be spelled otherwise than the kernel does', async () => {
  await using parent = await enterMoving()
  const options = { protocol: 'udp', address: '2001:DB8:0:0::1', ports: 9005 }
  const { pid, ...portable } = await parent.call<Portable>(
    'startHeir',
    await reserveAll(parent, [{ kind: 'port', options }]),
  )
  expect(await parent.call('askHeir', 'adopt', portable)).toMatchObject([{ address: '2001:DB8:0:0::1' }])
  await parent.call('endHeir')
})

test('what was released cannot be handed over', async () => {
  await using parent = await enterMoving()
  const options = { protocol: 'udp', address: '192.0.2.1', ports: 9005 }
  const [id] = await reserveAll(parent, [{ kind: 'port', options }])
  await parent.call('release', id)
  await expect(parent.call('startHeir', [id])).rejects.toMatchObject({ code: 'ERR_RELEASED' })
})
