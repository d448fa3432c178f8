//   namespace a
//   kernel 192.0.2.1/24 --- tun device --- this test, which asks as 192.0.2.2 and reads the replies through each face

import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { TransformStream } from 'node:stream/web'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BorrowedBatch, forwardBatches, PacketBatch, TUN_COUNTER, type TunDevice } from '../src/index.js'
import { createMemoryTun } from '../src/memory/index.js'
import { echoRequest, isEchoReply } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

let lab: Lab
let device: TunDevice

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())
beforeEach(async () => {
  device = await openUp(lab)
})
afterEach(() => device.close())

function ask(...sequences: number[]): void {
  const batch = new PacketBatch()
  for (const sequence of sequences) batch.append(echoRequest(PEER, HOST, sequence))
  device.queue.writeBatch(batch)
}

const sequenceOf = (packet: Uint8Array) => (packet[26]! << 8) | packet[27]!

async function take<T>(items: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

describe('batches()', () => {
  test('yields what arrives, and waits when there is nothing', async () => {
    const seen: number[] = []
    ask(1, 2, 3)
    for await (const batch of device.queue.batches()) {
      for (let i = 0; i < batch.count; i += 1) seen.push(sequenceOf(batch.packet(i)))
      if (seen.length === 3) setImmediate(ask, 4)
      if (seen.length === 4) break
    }
    expect(seen).toEqual([1, 2, 3, 4])
  })

  test('a batch that is used after its release throws, and a view that was kept shows no packet', async () => {
    ask(1)
    const batches = device.queue.batches({ guard: true })
    const first = (await batches.next()).value as BorrowedBatch
    const kept = first.packet(0)
    expect(isEchoReply(kept, 1)).toBe(true)
    ask(2)
    const second = (await batches.next()).value as BorrowedBatch
    const released = expect.objectContaining({ code: 'ERR_TUN_RELEASED', hint: expect.any(String) })
    expect(() => first.count).toThrow(released)
    expect(() => first.slab).toThrow(released)
    expect(() => device.queue.writeBatch(first)).toThrow(released)
    expect(isEchoReply(second.packet(0), 2)).toBe(true)
    second.release()
    second.release()
    expect(() => second.packet(0)).toThrow(released)
    expect(() => Object.assign(second, { count: 1 })).toThrow(released)
    await batches.return()
  })

  test('a lent batch can be written, shrunk and given back by `using`', async () => {
    ask(1, 2)
    for await (const batch of device.queue.batches({ guard: true })) {
      using lent = batch
      expect(lent).toBeInstanceOf(PacketBatch)
      expect(lent.count).toBe(2)
      lent.count = 1
      expect(device.queue.writeBatch(lent)).toBe(1)
      break
    }
  })

  test('without guard the caller gets its own batch', async () => {
    const mine = new PacketBatch({ packets: 2 })
    ask(1, 2, 3)
    for await (const batch of device.queue.batches({ batch: mine, guard: false })) {
      expect(batch).toBe(mine)
      expect(batch.count).toBe(2)
      batch.release()
      expect(batch.count).toBe(2)
      break
    }
  })

  test('lets the event loop turn while the device is never empty', async () => {
    let turns = 0
    const count = () => {
      turns += 1
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    let batches = 0
    ask(0)
    for await (const batch of device.queue.batches({ batch: { packets: 1 } })) {
      batches += 1
      if (batches === 50) break
      ask(batches)
      expect(batch.count).toBe(1)
    }
    clearImmediate(timer)
    expect(turns).toBeGreaterThanOrEqual(25)
  })
})

describe('packets()', () => {
  test('yields copies that stay, and leaves what was not asked for', async () => {
    ask(1, 2, 3, 4, 5)
    const first = await take(device.queue.packets(), 2)
    const rest = await take(device.queue.packets(), 3)
    expect([...first, ...rest].map(sequenceOf)).toEqual([1, 2, 3, 4, 5])
  })
})

describe('tryRead() and tryWrite()', () => {
  test('move one packet, and say so when there is none', async () => {
    expect(device.queue.tryRead()).toBeUndefined()
    expect(device.queue.tryWrite(echoRequest(PEER, HOST, 7))).toBe(true)
    await device.queue.readable()
    expect(isEchoReply(device.queue.tryRead()!, 7)).toBe(true)
    expect(device.queue.tryRead()).toBeUndefined()
  })

  test('a packet that is refused throws its reason with a hint', async () => {
    const whole = echoRequest(PEER, HOST)
    const lying = whole.slice()
    new DataView(lying.buffer).setUint16(2, 1400)
    const unknown = whole.slice()
    unknown[0] = 0x15
    for (const bad of [whole.subarray(0, 19), whole.subarray(0, 1), lying, unknown]) {
      expect(() => device.queue.tryWrite(bad)).toThrow(
        expect.objectContaining({ name: 'TunError', code: 'EBADMSG', hint: expect.any(String) }),
      )
    }
    const invalid = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' })
    expect(() => device.queue.tryWrite(new Uint8Array(0))).toThrow(invalid)
    expect(() => device.queue.tryWrite(new Uint8Array(65_536))).toThrow(invalid)
    await lab.ip('a', 'link', 'set', 'dev', device.name, 'down')
    expect(() => device.queue.tryWrite(whole)).toThrow(
      expect.objectContaining({ code: 'EIO', device: device.name, hint: expect.any(String) }),
    )
  })
})

describe('toWeb()', () => {
  test('is a pair of streams that can be piped', async () => {
    const { readable, writable } = device.queue.toWeb()
    const seen: number[] = []
    const answers = readable.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(packet, controller) {
          seen.push(sequenceOf(packet))
          if (seen.length === 3) controller.terminate()
          else controller.enqueue(echoRequest(PEER, HOST, seen.at(-1)! + 1))
        },
      }),
    )
    ask(1)
    await answers.pipeTo(writable)
    expect(seen).toEqual([1, 2, 3])
  })

  test('cancelling the readable side takes nothing from the device', async () => {
    const reader = device.queue.toWeb().readable.getReader()
    const pending = reader.read()
    await reader.cancel()
    expect((await pending).done).toBe(true)
    ask(1)
    expect(sequenceOf((await take(device.queue.packets(), 1))[0]!)).toBe(1)
  })
})

describe('toDuplex()', () => {
  test('goes through a pipeline', async () => {
    const duplex = device.queue.toDuplex()
    const seen: number[] = []
    const enough = new AbortController()
    const count = new Transform({
      objectMode: true,
      transform(packet, _encoding, done) {
        seen.push(sequenceOf(packet))
        if (seen.length === 3) enough.abort()
        done(null, echoRequest(PEER, HOST, seen.at(-1)! + 1))
      },
    })
    ask(1)
    const ended = pipeline(duplex, count, duplex, { signal: enough.signal })
    await expect(ended).rejects.toMatchObject({ code: 'ABORT_ERR' })
    expect(seen).toEqual([1, 2, 3])
    expect(device.queue.fd).toBeGreaterThanOrEqual(0)
  })

  test('what is no packet destroys it, a packet that is refused does not', async () => {
    const drops: unknown[] = []
    device.on('drop', (drop) => drops.push(drop))
    const duplex = device.queue.toDuplex()
    duplex.write(Uint8Array.of(0x45, 0))
    duplex.write(echoRequest(PEER, HOST, 9))
    const [reply] = await take(duplex, 1)
    expect(isEchoReply(reply as Uint8Array, 9)).toBe(true)
    expect(drops).toEqual([{ reason: 'dropMalformed', count: 1 }])

    const other = device.queue.toDuplex()
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => other.once('error', resolve))
    other.write('packet')
    expect((await failed).code).toBe('ERR_INVALID_ARG_TYPE')
  })
})

const faces = {
  batches: (signal?: AbortSignal) => device.queue.batches(signal ? { signal } : {}),
  packets: (signal?: AbortSignal) => device.queue.packets(signal ? { signal } : {}),
  toWeb: (signal?: AbortSignal) => device.queue.toWeb(signal ? { signal } : {}).readable,
  toDuplex: (signal?: AbortSignal) => device.queue.toDuplex(signal ? { signal } : {}),
}

describe.each(Object.keys(faces) as (keyof typeof faces)[])('%s()', (name) => {
  async function drain(items: AsyncIterable<unknown>): Promise<void> {
    for await (const _item of items) expect.fail('nothing was sent')
  }

  test('ends when the queue is closed', async () => {
    const ended = drain(faces[name]())
    await nextTurn()
    await device.close()
    await ended
  })

  test('rejects when its signal aborts, before and during the wait', async () => {
    await expect(drain(faces[name](AbortSignal.abort()))).rejects.toMatchObject({ code: 'ABORT_ERR' })
    const controller = new AbortController()
    const ended = expect(drain(faces[name](controller.signal))).rejects.toMatchObject({ code: 'ABORT_ERR' })
    await nextTurn()
    controller.abort()
    await ended
    ask(3)
    await device.queue.readable()
  })

  test('rejects with EBADFD when the device is deleted', async () => {
    const ended = expect(drain(faces[name]())).rejects.toMatchObject({ code: 'EBADFD', device: device.name })
    await nextTurn()
    await lab.ip('a', 'link', 'delete', device.name)
    await ended
  })
})

describe('forwardBatches() rejects with EBADFD', () => {
  test('when the device it reads from is deleted', async () => {
    const [one] = createMemoryTun()
    const ended = expect(forwardBatches(device.queue, one.queue, () => {})).rejects.toMatchObject({
      code: 'EBADFD',
      device: device.name,
    })
    await lab.ip('a', 'link', 'delete', device.name)
    await ended
  })

  test('when the device it writes to is deleted, and reads no more', async () => {
    const [one, other] = createMemoryTun()
    const forwarding = forwardBatches(other.queue, device.queue, () => {}, { batch: { packets: 1 } })
    await lab.ip('a', 'link', 'delete', device.name)
    for (const sequence of [1, 2]) one.queue.tryWrite(echoRequest(PEER, HOST, sequence))
    await expect(forwarding).rejects.toMatchObject({ code: 'EBADFD', device: device.name })
    expect(device.queue.counters[TUN_COUNTER.dropGone]).toBe(1)
    expect(sequenceOf(other.queue.tryRead()!)).toBe(2)
  })
})

test('packet by packet, a raw queue is refused, because its packets mean nothing without their virtio words', async () => {
  await using raw = await openUp(lab, { offload: 'raw' })
  const refused = expect.objectContaining({ code: 'ERR_TUN_RAW', hint: expect.stringContaining('split') })
  for (const method of ['tryRead', 'packets', 'toWeb', 'toDuplex'] as const) {
    expect(() => raw.queue[method]()).toThrow(refused)
  }
})

test('a queue closes itself at the end of its block', async () => {
  const { queue } = device
  {
    await using held = queue
    expect(held.fd).toBeGreaterThanOrEqual(0)
  }
  expect(queue.fd).toBe(-1)
  await waitFor(async () => !(await lab.ip('a', 'link', 'show')).includes(`${device.name}:`))
})
