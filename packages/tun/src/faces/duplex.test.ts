import { once } from 'node:events'
import { Transform } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createMemoryTun } from '../memory/index.js'
import { TUN_COUNTER } from '../queue/tun-counter.js'
import { datagram } from './testing/datagram.js'

function pair(queuePackets = 500) {
  const [near, far] = createMemoryTun({ queuePackets })
  return { near: near.queue, far: far.queue }
}

test('a stream that is left takes no packet with it that was not asked for', async () => {
  const { near, far } = pair()
  for (const id of [1, 2, 3, 4]) far.tryWrite(datagram(id))
  const seen: number[] = []
  for await (const packet of near.toDuplex()) {
    seen.push(packet[20])
    await nextTurn()
    if (seen.length === 2) break
  }
  expect(seen).toEqual([1, 2])
  expect(near.tryRead()![20]).toBe(3)
})

test('a stream that nobody reads takes nothing', async () => {
  const { near, far } = pair()
  const duplex = near.toDuplex()
  far.tryWrite(datagram(1))
  await nextTurn()
  duplex.destroy()
  await once(duplex, 'close')
  expect(near.tryRead()![20]).toBe(1)
})

test('closing the queue ends both sides, although nobody reads', async () => {
  const { near } = pair()
  const duplex = near.toDuplex()
  const settled = finished(duplex)
  const closed = once(duplex, 'close')
  await near.close()
  await settled
  await closed
  expect(duplex).toMatchObject({ readableEnded: true, writableFinished: true, destroyed: true })
})

test('closing the queue ends a stream that is being read', async () => {
  const { near } = pair()
  const duplex = near.toDuplex().resume()
  await nextTurn()
  await near.close()
  await finished(duplex)
})

test('a queue that is closed already gives a stream that ends', async () => {
  const { near } = pair()
  await near.close()
  await finished(near.toDuplex())
})

test('what was read ahead can still be read when the queue is closed', async () => {
  const { near, far } = pair()
  const duplex = near.toDuplex({ readableHighWaterMark: 4 })
  for (const id of [1, 2]) far.tryWrite(datagram(id))
  duplex.read(0)
  while (duplex.readableLength < 2) await nextTurn()
  await near.close()
  await nextTurn()
  expect((await duplex.toArray()).map((packet) => packet[20])).toEqual([1, 2])
})

test('an echo through a pipeline ends when the queue is closed', async () => {
  const { near, far } = pair()
  const duplex = near.toDuplex()
  const pass = new Transform({ objectMode: true, transform: (packet, _encoding, done) => done(null, packet) })
  const echo = pipeline(duplex, pass, duplex)
  far.tryWrite(datagram(1))
  await far.readable()
  expect(far.tryRead()![20]).toBe(1)
  await near.close()
  await echo
})

test('what waits to be written when the queue is closed destroys the stream', async () => {
  const { near } = pair(1)
  const duplex = near.toDuplex()
  const failed = expect(finished(duplex)).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
  for (const id of [1, 2, 3]) duplex.write(datagram(id))
  await nextTurn()
  await near.close()
  await failed
  expect(near.counters[TUN_COUNTER.dropAbandoned]).toBe(2)
})

test('what is in hand when the stream is destroyed is counted', async () => {
  const { near, far } = pair(4)
  const duplex = near.toDuplex()
  for (let id = 0; id < 20; id += 1) duplex.write(datagram(id))
  await nextTurn()
  duplex.destroy()
  await nextTurn()
  let arrived = 0
  while (far.tryRead()) arrived += 1
  expect(arrived).toBe(4)
  expect(near.counters[TUN_COUNTER.dropAbandoned]).toBe(16)
})

test('wrong options are refused', () => {
  const { near } = pair()
  const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' })
  const value = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
  for (const options of [null, 5, { signal: {} }, { readableHighWaterMark: '1' }]) {
    expect(() => near.toDuplex(options as never)).toThrow(type)
  }
  for (const mark of [-1, 0.5, Number.POSITIVE_INFINITY]) {
    expect(() => near.toDuplex({ writableHighWaterMark: mark })).toThrow(value)
  }
  near
    .toDuplex({
      signal: undefined,
      readableHighWaterMark: undefined,
      writableHighWaterMark: undefined,
    })
    .destroy()
})
