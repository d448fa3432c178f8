import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS } from '../batch/descriptor.js'
import { PacketBatch } from '../batch/packet-batch.js'
import { TunError } from '../errors/tun-error.js'
import { createMemoryTun } from '../memory/index.js'
import { forwardBatches } from './forward-batches.js'
import { datagram } from './testing/datagram.js'

/** What is sent into `source` is forwarded to `target`, whose queue holds `room` packets. */
function chain(room = 500) {
  const [source, from] = createMemoryTun()
  const [to, target] = createMemoryTun({ queuePackets: room })
  const send = (...ids: number[]) => {
    for (const id of ids) expect(source.queue.tryWrite(datagram(id))).toBe(true)
  }
  return { send, from: from.queue, to: to.queue, target: target.queue }
}

function idsOf(queue: { tryRead(): Uint8Array | undefined }): number[] {
  const ids: number[] = []
  for (let packet = queue.tryRead(); packet !== undefined; packet = queue.tryRead()) ids.push(packet[20]!)
  return ids
}

test('what edit leaves goes on, and a packet of length 0 does not', async () => {
  const { send, from, to, target } = chain()
  const stopped = new AbortController()
  const forwarding = forwardBatches(
    from,
    to,
    (batch) => {
      batch.descriptors[DESCRIPTOR.length] = 0
    },
    { signal: stopped.signal },
  )
  send(1, 2, 3)
  await target.readable()
  expect(idsOf(target)).toEqual([2, 3])
  stopped.abort()
  expect(await forwarding).toBe(0)
})

test('an abort while a rest waits for room tells how many packets that is', async () => {
  const { send, from, to, target } = chain(2)
  const stopped = new AbortController()
  send(1, 2, 3, 4, 5)
  const forwarding = forwardBatches(
    from,
    to,
    (batch) => {
      batch.descriptors[4 * DESCRIPTOR_WORDS + DESCRIPTOR.length] = 0
    },
    { signal: stopped.signal },
  )
  await target.readable()
  stopped.abort()
  expect(await forwarding).toBe(2)
  await nextTurn()
  expect(idsOf(target)).toEqual([1, 2])
})

test('an abort in edit counts the batch in hand; nothing is written or read after it', async () => {
  const { send, from, to, target } = chain()
  const stopped = new AbortController()
  send(1, 2, 3)
  const edit = vi.fn((batch: PacketBatch) => {
    stopped.abort()
    batch.descriptors[DESCRIPTOR.length] = 0
  })
  const lost = await forwardBatches(from, to, edit, { signal: stopped.signal })
  expect(lost).toBe(2)
  send(4)
  await nextTurn()
  expect(edit).toHaveBeenCalledOnce()
  expect(idsOf(target)).toEqual([])
  expect(idsOf(from)).toEqual([4])
})

test('with a signal that was aborted before nothing is read', async () => {
  const { send, from, to } = chain()
  send(1)
  const mine = new PacketBatch()
  mine.append(datagram(9))
  expect(await forwardBatches(from, to, () => {}, { batch: mine, signal: AbortSignal.abort() })).toBe(0)
  expect(idsOf(from)).toEqual([1])
})

test.each(['from', 'to'] as const)('closing `%s` ends it while it is idle', async (side) => {
  const { from, to } = chain()
  const forwarding = forwardBatches(from, to, () => {})
  const other = side === 'from' ? to : from
  await (side === 'from' ? from : to).close()
  expect(await forwarding).toBe(0)
  // Its callback is not left behind.
  other.onReadable(() => {})()
})

test('closing `to` takes no packet from `from` any more', async () => {
  const { send, from, to } = chain()
  const edit = vi.fn()
  const forwarding = forwardBatches(from, to, edit)
  await to.close()
  send(1)
  expect(await forwarding).toBe(0)
  await nextTurn()
  expect(edit).not.toHaveBeenCalled()
  expect(idsOf(from)).toEqual([1])
})

test('closing `to` in edit is an end, with the batch in hand lost', async () => {
  const { send, from, to } = chain()
  send(1, 2)
  expect(await forwardBatches(from, to, () => void to.close())).toBe(2)
})

test('what edit throws rejects, also when it is about a third queue that was closed', async () => {
  const { send, from, to } = chain()
  const third = chain().to
  await third.close()
  send(1)
  const forwarding = forwardBatches(from, to, (batch) => void third.writeBatch(batch))
  await expect(forwarding).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED', device: third.name })
  from.onReadable(() => {})()
})

test('what edit throws after an abort is not swallowed', async () => {
  const { send, from, to } = chain()
  const stopped = new AbortController()
  send(1)
  const failure = new TunError('thrown by edit', { code: 'ERR_TUN_CLOSED' })
  const edit = () => {
    stopped.abort()
    throw failure
  }
  await expect(forwardBatches(from, to, edit, { signal: stopped.signal })).rejects.toBe(failure)
})

test('two loops into one full queue both get through', async () => {
  const { send, from, to, target } = chain(1)
  const [source, secondFrom] = createMemoryTun()
  const stopped = new AbortController()
  const loops = [from, secondFrom.queue].map((queue) =>
    forwardBatches(queue, to, () => {}, { signal: stopped.signal }),
  )
  const seen: number[] = []
  send(1, 3, 5)
  for (const id of [2, 4, 6]) source.queue.tryWrite(datagram(id))
  while (seen.length < 6) {
    await target.readable()
    seen.push(...idsOf(target))
  }
  expect(seen.filter((id) => id % 2 === 1)).toEqual([1, 3, 5])
  expect(seen.filter((id) => id % 2 === 0)).toEqual([2, 4, 6])
  stopped.abort()
  expect(await Promise.all(loops)).toEqual([0, 0])
})

test('a second loop that reads the same queue is refused', async () => {
  const { from, to } = chain()
  const first = forwardBatches(from, to, () => {})
  await expect(forwardBatches(from, to, () => {})).rejects.toMatchObject({ code: 'ERR_TUN_WATCHED' })
  await from.close()
  expect(await first).toBe(0)
})

test('a batch of another copy of the package is used as it is', async () => {
  const { send, from, to } = chain()
  const stopped = new AbortController()
  vi.resetModules()
  const { PacketBatch: Foreign } = await import('../batch/packet-batch.js')
  const batch = new Foreign({ packets: 1 }) as PacketBatch
  expect(batch).not.toBeInstanceOf(PacketBatch)
  send(1)
  const edit = (edited: PacketBatch) => {
    expect(edited).toBe(batch)
    stopped.abort()
  }
  expect(await forwardBatches(from, to, edit, { batch, signal: stopped.signal })).toBe(1)
})

test('a long-lived signal keeps no listener of a loop that ended', async () => {
  const { signal } = new AbortController()
  const add = vi.spyOn(signal, 'addEventListener')
  const remove = vi.spyOn(signal, 'removeEventListener')
  const { from, to } = chain()
  const forwarding = forwardBatches(from, to, () => {}, { signal })
  await to.close()
  await forwarding
  expect(add).toHaveBeenCalledOnce()
  expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]![1])
})

test('wrong arguments reject', async () => {
  const { from, to } = chain()
  const wrong = { code: 'ERR_INVALID_ARG_TYPE' }
  // @ts-expect-error
  await expect(forwardBatches(from, to)).rejects.toMatchObject(wrong)
  for (const options of [null, 5, { signal: {} }, { batch: 5 }, { batch: null }]) {
    await expect(forwardBatches(from, to, () => {}, options as never)).rejects.toMatchObject(wrong)
  }
})
