//   namespace a
//   kernel 192.0.2.1/24 --- tun device, up or down --- this test
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DESCRIPTOR, type Drop, openTun, PacketBatch, packetError, readCounters } from '../src/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

const EIO = 5

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

// An empty write, with which others ask, is EINVAL on a queue with virtio headers, up or down.
describe.each(['off', 'raw', 'split'] as const)('offload %s', (offload) => {
  test('that the device is down is the status EIO of what is written, not the answer to a packet of no bytes', async () => {
    await using device = await openUp(lab, { offload })
    const drops: Drop[] = []
    device.on('drop', (drop) => drops.push(drop))
    const batch = new PacketBatch()
    batch.append(echoRequest(PEER, HOST, 5))

    device.queue.writeBatch(batch)
    expect(packetError(batch, 0)).toBeUndefined()
    await device.queue.readable()
    device.queue.readBatch(batch)
    expect(isEchoReply(batch.packet(0), 5)).toBe(true)

    await lab.ip('a', 'link', 'set', 'dev', device.name, 'down')
    batch.clear()
    batch.append(echoRequest(PEER, HOST, 6))
    expect(device.queue.writeBatch(batch)).toBe(1)
    expect(batch.descriptors[DESCRIPTOR.status]).toBe(EIO)
    expect(packetError(batch, 0, device.name)).toMatchObject({ code: 'EIO', hint: expect.any(String) })
    expect(readCounters(device.queue.counters)).toMatchObject({ writeErrors: 1, dropDown: 1, packetsOut: 1 })
    await waitFor(() => drops.length > 0)
    expect(drops).toEqual([{ reason: 'dropDown', count: 1 }])

    // A packet of no bytes never reaches the kernel, so it cannot say anything.
    batch.descriptors[DESCRIPTOR.length] = 0
    expect(device.queue.writeBatch(batch)).toBe(1)
    expect(readCounters(device.queue.counters)).toMatchObject({ writeErrors: 1, packetsOut: 1 })
  })

  test('opening a device that is down leaves no error, no packet and no count behind', async () => {
    await using device = await openTun({ netns: lab.path('a'), offload })
    const { packetsOut, writeErrors, dropDown, fallbacks } = readCounters(device.queue.counters)
    expect({ packetsOut, writeErrors, dropDown, fallbacks }).toEqual({
      packetsOut: 0,
      writeErrors: 0,
      dropDown: 0,
      fallbacks: 0,
    })
    expect(device.offload).toEqual({
      mode: offload,
      tcp: offload === 'off' ? 'off' : 'on',
      udp: offload === 'off' ? 'off' : 'on',
    })
    expect((await device.inspect()).up).toBe(false)
  })
})
