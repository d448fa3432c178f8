import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { createMemoryTun } from '../memory/index.js'
import { TUN_COUNTER } from '../queue/tun-counter.js'
import { datagram } from './testing/datagram.js'

function pair(queuePackets = 500) {
  const [near, far] = createMemoryTun({ queuePackets })
  return { near: near.queue, far: far.queue }
}

test('an abort errors both sides, and a write after it fails', async () => {
  const { near, far } = pair()
  const stopped = new AbortController()
  const { readable, writable } = near.toWeb({ signal: stopped.signal })
  const [reader, writer] = [readable.getReader(), writable.getWriter()]
  const pending = reader.read()
  stopped.abort()
  for (const outcome of [pending, reader.closed, writer.closed, writer.write(datagram(1))]) {
    await expect(outcome).rejects.toMatchObject({ code: 'ABORT_ERR' })
  }
  expect(far.tryRead()).toBeUndefined()
})

test('a signal that was aborted before errors both sides', async () => {
  const { readable, writable } = pair().near.toWeb({ signal: AbortSignal.abort() })
  await expect(readable.getReader().closed).rejects.toMatchObject({ code: 'ABORT_ERR' })
  await expect(writable.getWriter().closed).rejects.toMatchObject({ code: 'ABORT_ERR' })
})

test.each(['signal', 'stream'] as const)('an abort of the %s ends the write that waits', async (by) => {
  const { near } = pair(1)
  const stopped = new AbortController()
  const writer = near.toWeb({ signal: stopped.signal }).writable.getWriter()
  await writer.write(datagram(1))
  const waiting = expect(writer.write(datagram(2))).rejects.toBeDefined()
  const closed = expect(writer.closed).rejects.toBeDefined()
  await nextTurn()
  if (by === 'signal') stopped.abort()
  else await writer.abort(new Error('enough'))
  await Promise.all([waiting, closed])
  expect(near.counters[TUN_COUNTER.dropAbandoned]).toBe(1)
})

test('closing the queue closes the readable side and errors the writable one', async () => {
  const { near } = pair()
  const { readable, writable } = near.toWeb()
  const [reader, writer] = [readable.getReader(), writable.getWriter()]
  await near.close()
  await reader.closed
  await expect(writer.closed).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
})

test('the readable side ends while it is being read', async () => {
  const { near } = pair()
  const reader = near.toWeb().readable.getReader()
  const pending = reader.read()
  await nextTurn()
  await near.close()
  expect(await pending).toEqual({ done: true, value: undefined })
  await reader.closed
})

test('what was read ahead can still be read when the queue is closed', async () => {
  const { near, far } = pair()
  for (const id of [1, 2]) far.tryWrite(datagram(id))
  const { readable } = near.toWeb({ highWaterMark: 4 })
  while (near.counters[TUN_COUNTER.packetsIn]! < 2) await nextTurn()
  await near.close()
  const seen: number[] = []
  for await (const packet of readable) seen.push(packet[20]!)
  expect(seen).toEqual([1, 2])
})

test('an echo that is piped settles when the queue is closed', async () => {
  const { near } = pair()
  const { readable, writable } = near.toWeb()
  const piped = readable.pipeTo(writable).catch((error) => error.code)
  await nextTurn()
  await near.close()
  expect([undefined, 'ERR_TUN_CLOSED']).toContain(await piped)
})

test('the one listener on a signal goes when both sides have ended', async () => {
  const { signal } = new AbortController()
  const add = vi.spyOn(signal, 'addEventListener')
  const remove = vi.spyOn(signal, 'removeEventListener')
  const { near } = pair()
  const { readable, writable } = near.toWeb({ signal })
  const own = () => add.mock.calls.filter(([, listener]) => listener === add.mock.calls[0]![1])
  await readable.cancel()
  expect(remove).not.toHaveBeenCalledWith('abort', add.mock.calls[0]![1])
  await writable.close()
  expect(own()).toHaveLength(1)
  expect(remove).toHaveBeenCalledWith('abort', add.mock.calls[0]![1])
})

test('wrong options are refused', () => {
  const { near } = pair()
  for (const options of [null, 5, { signal: {} }, { highWaterMark: '1' }]) {
    expect(() => near.toWeb(options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    )
  }
  expect(() => near.toWeb({ highWaterMark: -1 })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
  )
  near.toWeb({ signal: undefined, highWaterMark: undefined })
})
