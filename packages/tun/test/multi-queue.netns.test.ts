//   namespace a
//   flows of UDP 192.0.2.1 -> 192.0.2.2 --- tun device ==== two queues, both read by this test
import { fstatSync } from 'node:fs'
import type { Lab, NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  openTun,
  PacketBatch,
  receiveQueue,
  TUN_COUNTER,
  type TunDevice,
  type TunQueue,
} from '../src/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER, queueCounts } from './tun-lab.js'

const FLOWS = 30

let lab: Lab
let child: NetnsChild
const batch = new PacketBatch()

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

const withCode = (code: string) => expect.objectContaining({ code })

/** Reads a queue empty, and says how many packets that were. */
function drain(queue: TunQueue): number {
  let packets = 0
  while (queue.readBatch(batch) > 0) packets += batch.count
  return packets
}

/** Writes an echo request, whose reply the kernel has queued when this returns. */
function requestEcho(queue: TunQueue): void {
  batch.clear()
  batch.append(echoRequest(PEER, HOST))
  expect(queue.writeBatch(batch)).toBe(1)
}

describe('detaching', () => {
  let device: TunDevice
  let first: TunQueue
  let second: TunQueue

  beforeEach(async () => {
    device = await openUp(lab, { multiQueue: true })
    first = device.queue
    second = await device.openQueue()
    child = await lab.enter('a', new URL('./cases/datagram-flows.mjs', import.meta.url))
    await child.call('openFlows', HOST, PEER, FLOWS)
  })
  afterEach(async () => {
    await child?.close()
    await device.close()
  })

  test('flows are spread over the queues, each packet comes once', async () => {
    await child.call('sendOnce')
    const counts = [drain(first), drain(second)]
    expect(counts).not.toContain(0)
    expect(counts[0]! + counts[1]!).toBe(FLOWS)
    expect(await queueCounts(lab, device.name)).toEqual({ attached: 2, detached: 0 })
  })

  test('a detached queue gets no packets, the others get its share, and attached again it gets it back', async () => {
    second.detach()
    expect(await queueCounts(lab, device.name)).toEqual({ attached: 1, detached: 1 })
    await child.call('sendOnce')
    expect([drain(first), drain(second)]).toEqual([FLOWS, 0])

    second.attach()
    first.detach()
    await child.call('sendOnce')
    expect([drain(first), drain(second)]).toEqual([0, FLOWS])

    first.attach()
    expect(await queueCounts(lab, device.name)).toEqual({ attached: 2, detached: 0 })
    await child.call('sendOnce')
    const counts = [drain(first), drain(second)]
    expect(counts).not.toContain(0)
    expect(counts[0]! + counts[1]!).toBe(FLOWS)
  })

  // The kernel purges the queue without a count, so whoever detaches reads first.
  test('what a queue holds unread when it is detached is gone, and what was read before is not', async () => {
    await child.call('sendOnce')
    const read = drain(second)
    await child.call('sendOnce')
    second.detach()
    second.attach()
    expect(read).toBeGreaterThan(0)
    expect(drain(second)).toBe(0)
    expect(drain(first)).toBe(2 * (FLOWS - read))
  })

  test('a detached queue still writes, and the answer comes to another', () => {
    second.detach()
    requestEcho(second)
    expect(drain(second)).toBe(0)
    expect(first.readBatch(batch)).toBe(1)
    expect(isEchoReply(batch.packet(0))).toBe(true)
  })

  test('who waits for a queue goes on waiting while it is detached', async () => {
    first.detach()
    const readable = first.readable()
    second.detach()
    first.attach()
    await child.call('sendOnce')
    await readable
    expect(drain(first)).toBe(FLOWS)
  })

  test('while all queues are detached the kernel drops and counts, and the device stays', async () => {
    first.detach()
    second.detach()
    await child.call('sendOnce')
    const [link] = JSON.parse(await lab.ip('a', '-statistics', '-json', 'link', 'show', 'dev', device.name))
    expect(link.stats64.tx.dropped).toBe(FLOWS)
    first.attach()
    requestEcho(first)
    expect(drain(first)).toBe(1)
  })

  test('detaching twice and attaching twice are refused with EINVAL, with a hint', () => {
    second.detach()
    expect(() => second.detach()).toThrow(withCode('EINVAL'))
    second.attach()
    expect(() => second.attach()).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'ioctl(TUNSETQUEUE)', hint: expect.any(String) }),
    )
  })

  test('a closed queue can be neither detached nor attached', async () => {
    await second.close()
    expect(() => second.detach()).toThrow(withCode('ERR_TUN_CLOSED'))
    expect(() => second.attach()).toThrow(withCode('ERR_TUN_CLOSED'))
    expect(await queueCounts(lab, device.name)).toEqual({ attached: 1, detached: 0 })
  })
})

describe('opening', () => {
  test('a device without multiQueue has one queue, which cannot be detached', async () => {
    await using device = await openUp(lab)
    await expect(device.openQueue()).rejects.toThrow(withCode('ERR_TUN_SINGLE_QUEUE'))
    expect(() => device.queue.detach()).toThrow(withCode('EINVAL'))
  })

  test.each(['off', 'split', 'raw'] as const)(
    'with offload %s a further queue has what the first has',
    async (mode) => {
      await using device = await openUp(lab, { multiQueue: true, offload: mode })
      const second = await device.openQueue()
      expect(second.offload).toEqual(device.offload)
      expect(second.name).toBe(device.name)
      expect(device.queues).toEqual([device.queue, second])
    },
  )

  test('closing the device closes all queues, and a closed device opens none', async () => {
    const device = await openUp(lab, { multiQueue: true })
    const second = await device.openQueue()
    await device.close()
    expect([device.queue.fd, second.fd]).toEqual([-1, -1])
    await expect(device.openQueue()).rejects.toThrow(withCode('ERR_TUN_CLOSED'))
    expect(await lab.ip('a', 'link', 'show')).not.toContain(device.name)
  })

  test('the kernel has an end of queues, which is E2BIG', async () => {
    await using device = await openUp(lab, { multiQueue: true })
    const openAll = async () => {
      while (device.queues.length < 1025) await device.openQueue()
    }
    await expect(openAll()).rejects.toMatchObject({ code: 'E2BIG', hint: expect.stringContaining('256') })
    expect(device.queues).toHaveLength(256)
  })

  test('a queue that is closed leaves the others and the device alone', async () => {
    await using device = await openUp(lab, { multiQueue: true })
    const second = await device.openQueue()
    await device.queue.close()
    requestEcho(second)
    expect(drain(second)).toBe(1)
    expect(await queueCounts(lab, device.name)).toEqual({ attached: 1, detached: 0 })
  })

  test('another process joins a device with several queues by its name, unless it asks for it alone', async () => {
    await using device = await openUp(lab, { multiQueue: true, name: 'joined' })
    const netns = lab.path('a')
    await expect(openTun({ netns, name: 'joined', multiQueue: true })).rejects.toThrow(withCode('EBUSY'))
    await expect(openTun({ netns, name: 'joined', exclusive: false })).rejects.toThrow(withCode('EINVAL'))
    await using other = await openTun({ netns, name: 'joined', multiQueue: true, exclusive: false })
    expect(other.index).toBe(device.index)
    expect(await queueCounts(lab, 'joined')).toEqual({ attached: 2, detached: 0 })
  })
})

describe('transferring', () => {
  test('the token is a plain object, of which one queue is made, once', async () => {
    await using device = await openUp(lab)
    const { fd } = device.queue
    const token = structuredClone(device.queue.transfer())
    expect(device.queue.fd).toBe(-1)
    expect(() => device.queue.readBatch(batch)).toThrow(withCode('ERR_TUN_CLOSED'))
    expect(() => device.queue.transfer()).toThrow(withCode('ERR_TUN_CLOSED'))

    await using received = receiveQueue(token)
    expect(received).toMatchObject({ fd, name: device.name, offload: device.offload })
    requestEcho(received)
    expect(drain(received)).toBe(1)
    expect(device.queue.counters[TUN_COUNTER.packetsOut]).toBe(1)
    expect(() => receiveQueue(token)).toThrow(withCode('ERR_TUN_CLOSED'))
    expect(() => receiveQueue(structuredClone(token))).toThrow(withCode('ERR_TUN_CLOSED'))
  })

  test('who waits for the queue hears that it is gone', async () => {
    await using device = await openUp(lab)
    const readable = device.queue.readable()
    const token = device.queue.transfer()
    await expect(readable).rejects.toThrow(withCode('ERR_TUN_CLOSED'))
    await receiveQueue(token).close()
  })

  test('closing the device does not close a queue that was given away, and the device stays for it', async () => {
    const device = await openUp(lab)
    const token = device.queue.transfer()
    await device.close()
    await using received = receiveQueue(token)
    requestEcho(received)
    expect(drain(received)).toBe(1)
  })

  test('a queue is not given away with the rest of a super-packet in hand', async ({ skip }) => {
    await using device = await openUp(lab, { offload: 'split' })
    const { queue } = device
    if (device.offload.udp !== 'on') skip('super-packets of UDP need Linux 6.2')
    // UDP_SEGMENT is 103 at level 17: ten datagrams in one call.
    const script = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(17, 103, 1000)
s.sendto(bytes(10000), ('${PEER}', 9))`
    await lab.exec('a', 'python3', ['-c', script])
    expect(queue.readBatch(new PacketBatch({ packets: 4 }))).toBe(4)
    expect(() => queue.transfer()).toThrow(withCode('ERR_TUN_PENDING'))
    expect(drain(queue)).toBe(6)
    await receiveQueue(queue.transfer()).close()
  })

  test('of a token whose device was deleted nothing is made, and the descriptor is closed', async () => {
    const device = await openUp(lab)
    const { fd } = device.queue
    const token = device.queue.transfer()
    await lab.ip('a', 'link', 'delete', device.name)
    expect(() => receiveQueue(token)).toThrow(withCode('EBADFD'))
    expect(() => fstatSync(fd)).toThrow(withCode('EBADF'))
  })

  test('what is no token is refused', () => {
    for (const token of [undefined, null, 3, {}, { fd: 3, claim: [0] }]) {
      expect(() => receiveQueue(token as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'))
    }
  })
})
