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
