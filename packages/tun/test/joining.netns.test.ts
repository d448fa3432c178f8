//   namespace a
//   kernel 192.0.2.1/24 --- tun device ==== a queue of this test, and a second opening of the device by its name
import { readdirSync } from 'node:fs'
import type { Lab } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type OpenTunOptions, openTun, PacketBatch, packetError, type TunDevice } from '../src/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER, queueCounts } from './tun-lab.js'

let lab: Lab
let device: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())
afterEach(() => device?.close())

const openAgain = (options: OpenTunOptions) =>
  openTun({ netns: lab.path('a'), name: device.name, multiQueue: true, ...options })

/** Whether the device's own queue still reads and writes packets as they are. */
async function isIntact(): Promise<boolean> {
  const batch = new PacketBatch()
  batch.append(echoRequest(PEER, HOST, 3))
  device.queue.writeBatch(batch)
  if (packetError(batch, 0)) return false
  await device.queue.readable()
  device.queue.readBatch(batch)
  return isEchoReply(batch.packet(0), 3)
}

// The kernel lets anybody join a device with several queues: they would share its packets without having meant to.
test('a device with several queues is not joined by accident: by default opening it is EBUSY', async () => {
  device = await openUp(lab, { multiQueue: true })
  await expect(openAgain({})).rejects.toMatchObject({ code: 'EBUSY', hint: expect.any(String) })
  expect(await queueCounts(lab, device.name)).toEqual({ attached: 1, detached: 0 })
  expect(await isIntact()).toBe(true)
})

// Virtio headers are a matter of the device. Who joins with another idea of them would read ten bytes too many, or write ten too few.
test.each([
  ['off', 'raw'],
  ['off', 'split'],
  ['raw', 'off'],
  ['split', 'off'],
] as const)(
  'a device with offload %s is not joined with %s, which would corrupt packets',
  async (first, second) => {
    device = await openUp(lab, { multiQueue: true, offload: first })
    const before = readdirSync('/proc/self/fd').length
    await expect(openAgain({ exclusive: false, offload: second })).rejects.toMatchObject({
      code: 'EINVAL',
      syscall: 'ioctl(TUNSETIFF)',
      hint: expect.stringContaining('offload'),
    })
    expect(await queueCounts(lab, device.name)).toEqual({ attached: 1, detached: 0 })
    expect(readdirSync('/proc/self/fd')).toHaveLength(before)
    expect(await isIntact()).toBe(true)
  },
)

test.each(['off', 'raw', 'split'] as const)(
  'with the same offload (%s) joining is possible when it is meant',
  async (offload) => {
    device = await openUp(lab, { multiQueue: true, offload })
    await using other = await openAgain({ exclusive: false, offload })
    expect(other.offload).toEqual(device.offload)
    device.queue.detach()
    const batch = new PacketBatch()
    batch.append(echoRequest(PEER, HOST, 4))
    other.queue.writeBatch(batch)
    await other.queue.readable()
    other.queue.readBatch(batch)
    expect(isEchoReply(batch.packet(0), 4)).toBe(true)
  },
)
