import { expect, test } from 'vitest'
import { createMemoryTun } from '../memory/index.js'
import { TUN_COUNTER } from '../queue/tun-counter.js'
import { PacketWriter } from './packet-writer.js'
import { datagram } from './testing/datagram.js'

function writer(queuePackets = 500) {
  const [near, far] = createMemoryTun({ queuePackets })
  return {
    writer: new PacketWriter(near.queue),
    near: near.queue,
    abandoned: () => near.queue.counters[TUN_COUNTER.dropAbandoned],
    arrived() {
      const ids: number[] = []
      for (let packet = far.queue.tryRead(); packet; packet = far.queue.tryRead()) ids.push(packet[20]!)
      return ids
    },
  }
}

test('what stands before something that is no packet is written, and what stands behind it is counted', async () => {
  const { writer: it, arrived, abandoned } = writer()
  const packets = [datagram(1), datagram(2), 'packet' as never, datagram(3)]
  await expect(it.write(packets)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  expect(arrived()).toEqual([1, 2])
  expect(abandoned()).toBe(1)
  await it.write([datagram(4)])
  expect(arrived()).toEqual([4])
})

test('an empty packet is none, and is not counted', async () => {
  const { writer: it, abandoned } = writer()
  await expect(it.write([new Uint8Array(0)])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  expect(abandoned()).toBe(0)
})

test('more than a batch holds goes out in order', async () => {
  const { writer: it, arrived, abandoned } = writer()
  const ids = [...Array(150).keys()]
  await it.write(ids.map(datagram))
  expect(arrived()).toEqual(ids)
  expect(abandoned()).toBe(0)
})

test('with a signal that was aborted before nothing is written, and all is counted', async () => {
  const { writer: it, arrived, abandoned } = writer()
  const write = it.write([datagram(1), datagram(2)], AbortSignal.abort())
  await expect(write).rejects.toMatchObject({ code: 'ABORT_ERR' })
  expect(arrived()).toEqual([])
  expect(abandoned()).toBe(2)
})

test('an abort under back-pressure counts the rest of the batch and what no batch has yet', async () => {
  const { writer: it, arrived, abandoned } = writer(4)
  const stopped = new AbortController()
  const write = it.write([...Array(150).keys()].map(datagram), stopped.signal)
  stopped.abort()
  await expect(write).rejects.toMatchObject({ code: 'ABORT_ERR' })
  expect(arrived()).toEqual([0, 1, 2, 3])
  expect(abandoned()).toBe(146)
})
