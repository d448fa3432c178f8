// Whatever comes over the coordination socket: a clear answer where there is somebody to read it, and an instance that
// lives on.

import { waitFor } from '@slatfatf/netns'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { encodeRequest } from '../../src/coordination/encode-message.js'
import { ping } from '../../src/coordination/ping.js'
import { MAX_MESSAGE_BYTES } from '../../src/coordination/protocol.js'
import { CoordinationRoom, STATUS, scriptedHandler } from './coordination-room.js'

let room: CoordinationRoom
beforeEach(() => {
  room = new CoordinationRoom()
})
afterEach(async () => {
  // Each test ends with an instance that answers.
  const alive = await ping({ path: room.path })
  await room.close()
  expect(alive).toEqual({ pid: process.pid, generation: 3 })
})

function frame(payload: string | Uint8Array): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(Buffer.byteLength(payload))
  return Buffer.concat([header, Buffer.from(payload)])
}

const json = (value: unknown) => frame(JSON.stringify(value))

describe('is told in words, and then let go', () => {
  test.each([
    ['garbage', Buffer.from([0, 0, 0, 3, 1, 2, 3]), 'ERR_RESTART_MALFORMED', 'text that is not JSON'],
    [
      'a request of HTTP',
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      'ERR_RESTART_MALFORMED',
      '"GET "',
    ],
    ['an oversized frame', Buffer.from([0, 1, 0, 1]), 'ERR_RESTART_MALFORMED', '65537 bytes'],
    ['an empty frame', Buffer.alloc(4), 'ERR_RESTART_MALFORMED', 'without a byte'],
    ['JSON that is no object', json([1]), 'ERR_RESTART_MALFORMED', 'not an object'],
    ['a request without a version', json({ id: 5, type: 'ping' }), 'ERR_RESTART_MALFORMED', 'no version'],
    [
      'another version',
      json({ version: 9, id: 5, type: 'ping' }),
      'ERR_RESTART_VERSION',
      'asked in version 9',
    ],
  ])('who sends %s', async (_, bytes, code, words) => {
    await room.open(scriptedHandler())
    const asker = room.raw()
    asker.socket.write(bytes)
    const answer = await asker.message({ type: 'answer' })
    expect(answer).toMatchObject({ version: 1, ok: false, code, message: expect.stringContaining(words) })
    await asker.closed
  })

  test('who ends in the middle of a frame', async () => {
    await room.open(scriptedHandler())
    const asker = room.raw()
    asker.socket.end(encodeRequest(1, { type: 'ping' }).subarray(0, 10))
    expect(await asker.message({ ok: false })).toMatchObject({
      code: 'ERR_RESTART_MALFORMED',
      message: expect.stringContaining('6 of its 34 bytes had come'),
    })
    await asker.closed
  })

  test('who asks nothing', async () => {
    await room.open(scriptedHandler(), { askTimeoutMs: 20 })
    const asker = room.raw()
    expect(await asker.message({ ok: false })).toMatchObject({ id: null, code: 'ERR_RESTART_SILENT' })
    await asker.closed
  })

  test('who sends single bytes so as not to seem silent', async () => {
    await room.open(scriptedHandler(), { askTimeoutMs: 100 })
    const asker = room.raw()
    const bytes = encodeRequest(1, { type: 'ping' })
    let sent = 0
    const drip = setInterval(() => asker.socket.write(bytes.subarray(sent, ++sent)), 10)
    room.atEnd(() => clearInterval(drip))
    expect(await asker.message({ ok: false })).toMatchObject({ code: 'ERR_RESTART_SILENT' })
    await asker.closed
    expect(sent).toBeLessThan(bytes.length)
  })
})

test('a request of an unknown type is refused by its id, and the connection goes on', async () => {
  await room.open(scriptedHandler())
  const asker = room.raw()
  asker.socket.write(json({ version: 1, id: 5, type: 'dance' }))
  expect(await asker.message({ id: 5 })).toMatchObject({ ok: false, code: 'ERR_RESTART_UNKNOWN_REQUEST' })
  asker.ask(6, { type: 'ping' })
  await asker.message({ id: 6, ok: true })
})

test('who sends garbage behind a request still gets the answer to it', async () => {
  const handler = scriptedHandler()
  await room.open(handler)
  const asker = room.raw()
  asker.socket.write(
    Buffer.concat([encodeRequest(1, { type: 'restart' }), Buffer.from('rubbish, and more of it')]),
  )
  const restart = await handler.restartNumber(0)
  await asker.message({ id: null, code: 'ERR_RESTART_MALFORMED' })
  restart.succeed()
  await asker.message({ id: 1, ok: true })
  await asker.closed
})

test('who was refused can read why although it goes on sending', async () => {
  await room.open(scriptedHandler())
  const asker = room.raw()
  asker.socket.write(Buffer.alloc(200_000, 'rubbish'))
  await asker.message({ code: 'ERR_RESTART_MALFORMED' })
  await asker.closed
})

test('a flood of garbage is not read to its end', async () => {
  await room.open(scriptedHandler())
  const asker = room.raw()
  const flood = () => {
    while (asker.socket.writable && asker.socket.write(Buffer.alloc(65_536, 'x')));
  }
  asker.socket.on('drain', flood)
  flood()
  await asker.closed
})

test('many connections that ask nothing make room for one that asks', async () => {
  await room.open(scriptedHandler(), { maxAskers: 8, askTimeoutMs: 60_000 })
  const crowd = [...Array(100)].map(() => room.raw())
  const gone = () => crowd.filter(({ socket }) => socket.closed)
  await waitFor(() => gone().length >= 92)
  expect(await ping({ path: room.path })).toMatchObject({ generation: 3 })
  for (const { messages } of gone()) expect(messages.at(-1)).toMatchObject({ code: 'ERR_RESTART_BUSY' })
})

test('when all places are taken by requests that are being done, one more is told so', async () => {
  const handler = scriptedHandler()
  await room.open(handler, { maxAskers: 4 })
  const crowd = [...Array(4)].map(() => room.raw())
  for (const asker of crowd) asker.ask(1, { type: 'restart' })
  const restart = await handler.restartNumber(0)
  restart.progress('spawning')
  await Promise.all(crowd.map((asker) => asker.message({ stage: 'spawning' })))
  await expect(ping({ path: room.path })).rejects.toMatchObject({
    code: 'ERR_RESTART_BUSY',
    message: '4 others ask already',
  })
  restart.succeed()
  await Promise.all(crowd.map((asker) => asker.message({ ok: true })))
  for (const { socket } of crowd) socket.destroy()
  await Promise.all(crowd.map(({ closed }) => closed))
})

test('who asks and does not read costs a bounded amount of memory, and is let go', async () => {
  let asked = 0
  const status = () => {
    asked++
    return { ...STATUS, kept: Array(1_000).fill('a descriptor with a rather long name, as it happens') }
  }
  await room.open(scriptedHandler({ status }), { askTimeoutMs: 50 })
  const asker = room.raw({ isReading: false })
  let id = 0
  const flood = () => {
    while (asker.socket.writable && asker.socket.write(encodeRequest(id++, { type: 'status' })));
  }
  asker.socket.on('drain', flood)
  flood()
  await asker.closed
  // 64 KiB each, most of which waits in the kernel.
  expect(asked).toBeLessThan(50)
})

test('progress is left out for who does not read, and the answer is not', async () => {
  const handler = scriptedHandler()
  await room.open(handler)
  const slow = room.raw()
  slow.ask(1, { type: 'restart' })
  const restart = await handler.restartNumber(0)
  await slow.message({ type: 'hello' })
  slow.socket.pause()
  for (let step = 0; step < 20_000; step++)
    restart.progress('waiting', { remainingMs: step, message: 'x'.repeat(100) })
  restart.succeed()
  slow.socket.resume()
  await slow.message({ id: 1, ok: true })
  expect(slow.messages.length).toBeLessThan(10_000)
})

test('nothing that is sent ends the instance', async () => {
  await room.open(scriptedHandler({ restart: async () => ({ pid: 1, generation: 4, durationMs: 0 }) }))
  const valid = fc.constantFrom(
    ...(['ping', 'status', 'stop', 'rollback', 'restart'] as const).map((type) => encodeRequest(1, { type })),
  )
  const damaged = fc.tuple(valid, fc.nat(), fc.nat(255)).map(([bytes, at, value]) => {
    const copy = Buffer.from(bytes)
    copy[at % copy.length] = value
    return copy
  })
  const cut = fc.tuple(valid, fc.nat()).map(([bytes, at]) => bytes.subarray(0, at % bytes.length))
  const framed = fc.uint8Array({ minLength: 1, maxLength: 200 }).map(frame)
  const raw = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes))
  const huge = fc.constant(frame(Buffer.alloc(MAX_MESSAGE_BYTES, ' ')))
  const pieces = fc.array(fc.oneof(valid, damaged, cut, framed, raw, huge), { minLength: 1, maxLength: 6 })
  const end = fc.constantFrom('end' as const, 'destroy' as const)
  await fc.assert(
    fc.asyncProperty(pieces, end, async (bytes, end) => {
      const asker = room.raw()
      for (const each of bytes) asker.socket.write(each)
      if (end === 'end') asker.socket.end()
      else asker.socket.write(Buffer.alloc(0), () => asker.socket.destroy())
      await asker.closed
      for (const message of asker.messages)
        expect(message).toMatchObject({ version: 1, type: expect.any(String) })
    }),
    { numRuns: 150 },
  )
  await waitFor(() => ping({ path: room.path }))
})
