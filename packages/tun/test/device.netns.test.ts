//   namespaces a and b: devices made in one by this process from outside, renamed, moved and watched
import { closeSync, openSync, readdirSync } from 'node:fs'
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  isTunError,
  openTun,
  PacketBatch,
  type TunDevice,
  type TunDeviceEvents,
  tunFromFd,
} from '../src/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

let lab: Lab
let netns: string

beforeAll(async () => {
  lab = await createTunLab({ namespaces: ['a', 'b'] })
  await lab.sysctl('b', 'net.ipv6.conf.default.disable_ipv6', '1')
  netns = lab.path('a')
})
afterAll(() => lab?.close())

async function link(namespace: string, name: string) {
  const [found] = JSON.parse(await lab.ip(namespace, '-json', '-details', 'address', 'show', 'dev', name))
  return found
}

async function answersPing(device: TunDevice): Promise<boolean> {
  const batch = new PacketBatch()
  batch.append(echoRequest(PEER, HOST))
  device.queue.writeBatch(batch)
  await device.queue.readable()
  device.queue.readBatch(batch)
  return isEchoReply(batch.packet(0))
}

/** What the device tells, as `name arguments`. */
function record(device: TunDevice): string[] {
  const told: string[] = []
  for (const name of [
    'up',
    'down',
    'mtu',
    'rename',
    'moved',
    'removed',
    'unwatched',
  ] satisfies (keyof TunDeviceEvents)[]) {
    device.on(name, (...values: unknown[]) => told.push([name, ...values].join(' ')))
  }
  return told
}

describe('opening', () => {
  test('owner and group may be named, and the device stays for them', async () => {
    await using device = await openTun({ netns, name: 'owned', owner: 1234, group: 4321, persist: true })
    const { linkinfo } = await link('a', 'owned')
    expect(linkinfo.info_data).toMatchObject({ user: 1234, group: 4321, persist: true })
    device.setPersist(false)
  })

  test('without configure no privilege is needed for a device that was made for the user', async () => {
    await lab.ip('a', 'tuntap', 'add', 'mode', 'tun', 'name', 'mine', 'user', '65534')
    const attach = new URL('./cases/attach-unprivileged.mjs', import.meta.url).pathname
    // A node that everybody may open, as most distributions have it; in a mount namespace of its own.
    const node = 'mount -t tmpfs tmpfs /dev/net && mknod -m 666 /dev/net/tun c 10 200'
    const nobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all'
    const script = `${node} && exec ${nobody} "$0" "$@"`
    const { stdout } = await lab.exec('a', 'unshare', [
      '--mount',
      'sh',
      '-c',
      script,
      process.execPath,
      attach,
      'mine',
    ])
    expect(JSON.parse(stdout)).toEqual({ name: 'mine', configure: 'EPERM' })
  })

  test('a point-to-point address knows its other end', async () => {
    const addresses = [{ address: '192.0.2.1/32', peer: '203.0.113.1/32' }, '198.51.100.1/24']
    await using device = await openTun({ netns, configure: { addresses, up: true } })
    const { addresses: seen } = await device.inspect()
    expect(seen).toEqual([{ address: '192.0.2.1', peer: '203.0.113.1/32' }, { address: '198.51.100.1/24' }])
  })
})

describe('inspect()', () => {
  test('tells what the kernel says of the device', async () => {
    await using device = await openUp(lab, { name: 'look', offload: 'split', owner: 7 })
    expect(await answersPing(device)).toBe(true)
    expect(await device.inspect()).toEqual({
      name: 'look',
      index: device.index,
      up: true,
      carrier: true,
      mtu: 1500,
      txQueueLength: 500,
      flags: expect.any(Number),
      addresses: [{ address: '192.0.2.1/24' }],
      persist: false,
      owner: 7,
      multiQueue: false,
      queues: { attached: 1, detached: 0 },
      offload: { mode: 'split', tcp: 'on', udp: 'on' },
      kernel: {
        in: { packets: 1n, bytes: 84n, dropped: 0n, errors: 0n },
        out: { packets: 1n, bytes: 84n, dropped: 0n, errors: 0n },
      },
      supports: { offload: true, multiQueue: true, napi: true },
    })
  })

  test('of a device that was deleted is ENODEV, of a closed one ERR_TUN_CLOSED', async () => {
    const device = await openTun({ netns })
    await lab.ip('a', 'link', 'delete', device.name)
    await expect(device.inspect()).rejects.toMatchObject({ code: 'ENODEV' })
    await device.close()
    await expect(device.inspect()).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
  })
})

describe('close()', () => {
  test('ends a queue that is being opened, and forgets queues that were closed', async () => {
    const device = await openTun({ netns, name: 'ending', multiQueue: true })
    const extra = await device.openQueue()
    expect(device.queues).toEqual([device.queue, extra])
    await extra.close()
    await extra.closed
    expect(device.queues).toEqual([device.queue])
    const opening = expect(device.openQueue()).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
    await device.close()
    await opening
    expect(await lab.ip('a', 'link', 'show')).not.toContain('ending')
  })

  test('a device that could not be opened stays as it was', async () => {
    await lab.ip('a', 'tuntap', 'add', 'mode', 'tun', 'name', 'kept')
    const wrong = { addresses: ['2001:db8::1/64', '2001:db8::1/48'] }
    const opening = openTun({ netns, name: 'kept', exclusive: false, owner: 1234, configure: wrong })
    await expect(opening).rejects.toMatchObject({ device: 'kept' })
    expect((await link('a', 'kept')).linkinfo.info_data).not.toHaveProperty('user')
  })
})

describe('carrier', () => {
  test('can be taken away and given back', async () => {
    await using device = await openUp(lab)
    device.setCarrier(false)
    expect(await device.inspect()).toMatchObject({ up: true, carrier: false })
    device.setCarrier(true)
    expect(await device.inspect()).toMatchObject({ up: true, carrier: true })
  })
})

describe('rename()', () => {
  test('gives a device that is up another name, and everything goes on', async () => {
    await using device = await openUp(lab, { name: 'before' })
    await device.rename('after')
    expect(device.name).toBe('after')
    expect((await link('a', 'after')).ifindex).toBe(device.index)
    await device.configure({ mtu: 1300 })
    expect((await device.inspect()).mtu).toBe(1300)
    expect(await answersPing(device)).toBe(true)
  })

  test('refuses a number to be filled in, and errors name the device as it is called now', async () => {
    await using device = await openUp(lab, { name: 'old' })
    await expect(device.rename('new%d')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    await device.rename('new')
    await lab.ip('a', 'link', 'set', 'dev', 'new', 'down')
    expect(() => device.queue.tryWrite(echoRequest(PEER, HOST))).toThrow(
      expect.objectContaining({ code: 'EIO', device: 'new' }),
    )
  })

  test('to a name that is taken is EEXIST, to one that is none a RangeError', async () => {
    await using device = await openTun({ netns, name: 'first' })
    await using _other = await openTun({ netns, name: 'second' })
    await expect(device.rename('second')).rejects.toMatchObject({ code: 'EEXIST', device: 'first' })
    await expect(device.rename('a/b')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(device.name).toBe('first')
  })
})

describe('moveTo()', () => {
  test('takes the device, with its open queue, to another namespace', async () => {
    await using device = await openUp(lab, { name: 'mover' })
    await device.moveTo(lab.path('b'))
    await device.configure({ addresses: [`${HOST}/24`], up: true })
    expect((await link('b', 'mover')).ifindex).toBe(device.index)
    expect(await answersPing(device)).toBe(true)
    await device.rename('moved')
    expect((await device.inspect()).name).toBe('moved')
  })

  test('by somebody else, and a new name, are found out by every call', async () => {
    await using device = await openTun({ netns, name: 'away', multiQueue: true })
    await lab.ip('a', 'link', 'set', 'dev', 'away', 'netns', lab.name('b'))
    await lab.ip('b', 'link', 'set', 'dev', 'away', 'name', 'there')
    await device.configure({ mtu: 1234 })
    expect(await device.inspect()).toMatchObject({ name: 'there', mtu: 1234 })
    await device.openQueue()
    expect((await link('b', 'there')).linkinfo.info_data.numqueues).toBe(2)
    expect(await lab.ip('a', 'link', 'show')).not.toContain('away')
  })

  test('to a path that is no namespace changes nothing', async () => {
    await using device = await openUp(lab, { name: 'stays' })
    await expect(device.moveTo('/nowhere')).rejects.toMatchObject({ code: 'ENOENT', device: 'stays' })
    expect(await answersPing(device)).toBe(true)
  })
})

describe('watch()', () => {
  test('tells what others do to the interface', async () => {
    await using device = await openTun({ netns, name: 'seen' })
    const told = record(device)
    await device.watch()
    await device.watch()
    for (const change of ['up', 'mtu 1400', 'down', 'name other']) {
      const name = device.name
      await lab.ip('a', 'link', 'set', 'dev', name, ...change.split(' '))
      await waitFor(() => told.length > 0 && told.at(-1)!.includes(change.split(' ').at(-1)!))
    }
    expect(told).toEqual(['up', 'mtu 1400 1500', 'down', 'rename other seen'])
    expect(device.name).toBe('other')
    await lab.ip('a', 'link', 'delete', 'other')
    await waitFor(() => told.at(-1) === 'removed')
  })

  test('follows the interface into the namespace it was moved to by somebody else', async () => {
    await using device = await openUp(lab, { name: 'led' })
    const told = record(device)
    await device.watch()
    await lab.ip('a', 'link', 'set', 'dev', 'led', 'netns', lab.name('b'))
    await waitFor(() => told.includes('moved'))
    await lab.ip('b', 'link', 'set', 'dev', 'led', 'up')
    await waitFor(() => told.at(-1) === 'up')
    expect((await link('b', 'led')).ifindex).toBe(device.index)
    expect(told).not.toContain('removed')
  })

  test('goes on after a listener threw', async () => {
    await using device = await openTun({ netns, name: 'angry' })
    await device.watch()
    const thrown: unknown[] = []
    const listeners = process.listeners('uncaughtException')
    process
      .removeAllListeners('uncaughtException')
      .on('uncaughtException', (error) => thrown.push(error.message))
    try {
      device.once('mtu', () => {
        throw new Error('thrown by a listener')
      })
      const told = record(device)
      await lab.ip('a', 'link', 'set', 'dev', 'angry', 'mtu', '1400')
      await lab.ip('a', 'link', 'set', 'dev', 'angry', 'up')
      await waitFor(() => told.includes('up'))
      expect(told).not.toContain('unwatched')
      expect(thrown).toEqual(['thrown by a listener'])
    } finally {
      process.removeAllListeners('uncaughtException')
      for (const listener of listeners) process.on('uncaughtException', listener)
    }
  })

  test('of a device that is gone already tells that it was removed', async () => {
    await using device = await openTun({ netns, name: 'gone' })
    const told = record(device)
    await lab.ip('a', 'link', 'delete', 'gone')
    await device.watch()
    await waitFor(() => told.includes('removed'))
  })

  test('does not keep the process alive, and ends with the device', async () => {
    const watching = new URL('./cases/watch-and-end.mjs', import.meta.url).pathname
    const { stdout } = await lab.exec('a', process.execPath, [watching])
    expect(stdout).toBe('watching\n')
  })
})

describe('tunFromFd()', () => {
  const descriptors = () => readdirSync('/proc/self/fd').length

  test('works on a duplicate of a borrowed descriptor, which stays open', async () => {
    await using owner = await openUp(lab, { name: 'lender', offload: 'raw' })
    {
      await using borrowed = await tunFromFd(owner.queue.fd, { ownership: 'borrow' })
      expect(borrowed.name).toBe('lender')
      expect(borrowed.index).toBe(owner.index)
      expect(borrowed.offload).toEqual(owner.offload)
      expect(await answersPing(borrowed)).toBe(true)
      expect((await borrowed.inspect()).mtu).toBe(1500)
    }
    expect(await answersPing(owner)).toBe(true)
  })

  test.each(['own', 'borrow'] as const)(
    'refuses what is no descriptor of a TUN device, and leaves it open (%s)',
    async (ownership) => {
      const before = descriptors()
      const file = openSync('/dev/null', 'r')
      await expect(tunFromFd(file, { ownership })).rejects.toMatchObject({
        code: 'ENOTTY',
        hint: expect.any(String),
      })
      const unattached = openSync('/dev/net/tun', 'r+')
      await expect(tunFromFd(unattached, { ownership })).rejects.toMatchObject({ code: 'EBADFD' })
      closeSync(file)
      closeSync(unattached)
      await expect(tunFromFd(file, { ownership })).rejects.toMatchObject({ code: 'EBADF' })
      expect(descriptors()).toBe(before)
    },
  )

  test.each(['own', 'borrow'] as const)(
    'refuses virtio headers that nobody asked for, and leaves the descriptor open (%s)',
    async (ownership) => {
      const refused = { code: 'ERR_TUN_OFFLOAD', hint: expect.any(String) }
      {
        await using raw = await openUp(lab, { offload: 'raw' })
        await expect(tunFromFd(raw.queue.fd, { ownership, offload: 'off' })).rejects.toMatchObject(refused)
        expect(await answersPing(raw)).toBe(true)
      }
      await using off = await openUp(lab)
      await expect(tunFromFd(off.queue.fd, { ownership, offload: 'split' })).rejects.toMatchObject(refused)
      expect(await answersPing(off)).toBe(true)
    },
  )

  test('keeps protocols switched off for further queues', async () => {
    await using owner = await openTun({ netns, offload: 'raw', multiQueue: true })
    const offload = { mode: 'raw', udp: false } as const
    await using adopted = await tunFromFd(owner.queue.fd, { ownership: 'borrow', offload })
    expect((await adopted.openQueue()).offload).toMatchObject({ tcp: 'on', udp: 'off' })
  })

  test('refuses packets with a header of flags and protocol', async () => {
    const attach = new URL('./cases/attach-with-information.py', import.meta.url).pathname
    const { stdout } = await lab.exec('a', 'python3', [attach, process.execPath])
    expect(JSON.parse(stdout)).toEqual({ code: 'ERR_TUN_NOT_TUN', hint: expect.any(String) })
  })

  test('refuses wrong arguments before it looks at the descriptor', async () => {
    const wrong = [
      tunFromFd(-1, { ownership: 'own' }),
      tunFromFd(1.5, { ownership: 'own' }),
      tunFromFd(1, { ownership: 'mine' as 'own' }),
      tunFromFd(1, { ownership: 'own', offload: 'on' as 'off' }),
    ]
    for (const outcome of await Promise.allSettled(wrong)) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_INVALID_ARG_VALUE' } })
      expect(isTunError((outcome as PromiseRejectedResult).reason)).toBe(false)
    }
  })
})
