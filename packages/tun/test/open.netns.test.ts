//   namespace a: devices made, held and attached to by this process from outside
import { readdirSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTun } from '../src/index.js'
import { createTunLab } from './tun-lab.js'

let lab: Lab
let netns: string

beforeAll(async () => {
  lab = await createTunLab({ links: [['a', 'veth-a', '198.51.100.1/24', 'a', 'veth-b', '198.51.100.2/24']] })
  netns = lab.path('a')
})
afterAll(() => lab?.close())

async function exists(name: string): Promise<boolean> {
  const links = JSON.parse(await lab.ip('a', '-json', 'link', 'show')) as { ifname: string }[]
  return links.some(({ ifname }) => ifname === name)
}

test('the kernel picks a name, the device is in its namespace alone, and goes when closed', async () => {
  const device = await openTun({ netns })
  expect(device.name).toMatch(/^tun\d+$/)
  expect(device.offload).toEqual({ mode: 'off', tcp: 'off', udp: 'off' })
  const [link] = JSON.parse(await lab.ip('a', '-json', '-details', 'link', 'show', device.name))
  expect(link).toMatchObject({
    ifindex: device.index,
    linkinfo: { info_kind: 'tun', info_data: { pi: false } },
  })
  await device.close()
  expect(await exists(device.name)).toBe(false)
})

test('%d in a name is replaced by the lowest free number', async () => {
  await using first = await openTun({ netns, name: 'fish%d' })
  await using second = await openTun({ netns, name: 'fish%d' })
  expect([first.name, second.name]).toEqual(['fish0', 'fish1'])
})

test('a held queue is EBUSY, with a hint', async () => {
  await using _holder = await openTun({ netns, name: 'held' })
  await expect(openTun({ netns, name: 'held', exclusive: false })).rejects.toMatchObject({
    name: 'TunError',
    code: 'EBUSY',
    errno: -16,
    syscall: 'ioctl(TUNSETIFF)',
    device: 'held',
    hint: expect.any(String),
  })
})

test('a queue that is released a little later is waited for', async () => {
  const holder = await openTun({ netns, name: 'late' })
  const [device] = await Promise.all([
    openTun({ netns, name: 'late', exclusive: false }),
    delay(30).then(() => holder.close()),
  ])
  expect(device.name).toBe('late')
  await device.close()
})

test('a device that exists is refused unless exclusive is false', async () => {
  await using fresh = await openTun({ netns, name: 'only', persist: true })
  await fresh.close()
  await expect(openTun({ netns, name: 'only' })).rejects.toMatchObject({ code: 'EBUSY' })
  await using again = await openTun({ netns, name: 'only', exclusive: false, persist: false })
  expect(again.index).toBe(fresh.index)
})

test('a persistent device stays when closed, until it is told otherwise', async () => {
  const made = await openTun({ netns, name: 'stay' })
  made.setPersist(true)
  await made.close()
  expect(await exists('stay')).toBe(true)
  const attached = await openTun({ netns, name: 'stay', exclusive: false })
  await attached.close()
  expect(await exists('stay')).toBe(true)
  const last = await openTun({ netns, name: 'stay', exclusive: false, persist: false })
  await last.close()
  expect(await exists('stay')).toBe(false)
})

test('a device of another kind, or with several queues, is EINVAL with a hint', async () => {
  await lab.ip('a', 'tuntap', 'add', 'mode', 'tun', 'multi_queue', 'name', 'many')
  for (const name of ['veth-a', 'many']) {
    await expect(openTun({ netns, name, exclusive: false })).rejects.toMatchObject({
      code: 'EINVAL',
      hint: expect.any(String),
    })
  }
})

test('a path that is no namespace is refused with the path', async () => {
  await expect(openTun({ netns: '/nowhere' })).rejects.toMatchObject({
    code: 'ENOENT',
    syscall: 'setns(/nowhere)',
    hint: expect.any(String),
  })
  await expect(openTun({ netns: '/dev/null' })).rejects.toMatchObject({ code: 'EINVAL' })
})

const openInChild = new URL('./cases/open-and-report.mjs', import.meta.url).pathname

test('without privilege opening is refused, with a hint', async () => {
  const { stdout } = await lab.exec('a', 'unshare', ['--user', process.execPath, openInChild])
  const error = JSON.parse(stdout)
  // The mode of /dev/net/tun decides which of the two comes first.
  expect(['open(/dev/net/tun) EACCES', 'ioctl(TUNSETIFF) EPERM']).toContain(`${error.syscall} ${error.code}`)
  expect(error.hint).toEqual(expect.any(String))
})

// The way back must be open before the way in is taken: it belongs to another user namespace here.
test('a namespace that cannot be left again is EPERM, and the process lives', async () => {
  const { stdout } = await lab.exec('a', 'unshare', [
    '--user',
    '--map-root-user',
    'sh',
    '-c',
    `unshare --net sleep 30 & other=/proc/$!/ns/net
     while [ "$(readlink $other)" = "$(readlink /proc/self/ns/net)" ]; do :; done; "$0" "$1" $other; kill $!`,
    process.execPath,
    openInChild,
  ])
  expect(JSON.parse(stdout)).toMatchObject({ code: 'EPERM', syscall: expect.stringMatching(/^setns\(/) })
})

test('without /dev/net/tun opening is ENOENT, with a hint', async () => {
  const script = 'mount -t tmpfs tmpfs /dev/net && exec "$0" "$1"'
  const { stdout } = await lab.exec('a', 'unshare', [
    '--mount',
    'sh',
    '-c',
    script,
    process.execPath,
    openInChild,
  ])
  expect(JSON.parse(stdout)).toMatchObject({
    code: 'ENOENT',
    syscall: 'open(/dev/net/tun)',
    hint: expect.any(String),
  })
})

test('opening and closing leaves no descriptor behind', async () => {
  await using keeper = await openTun({ netns, name: 'cycle', persist: true })
  await keeper.close()
  const descriptors = () => readdirSync('/proc/self/fd').length
  const before = descriptors()
  for (let i = 0; i < 1000; i += 1) {
    const device = await openTun({ netns, name: 'cycle', exclusive: false, offload: i % 2 ? 'raw' : 'off' })
    device.queue.onReadable(() => {})
    await device.close()
  }
  await openTun({ netns, name: 'cycle', exclusive: false, persist: false }).then((device) => device.close())
  await expect(openTun({ netns, name: 'veth-a', exclusive: false })).rejects.toMatchObject({ code: 'EINVAL' })
  expect(descriptors()).toBe(before)
})
