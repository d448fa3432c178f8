import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeRequest } from './encode-message.js'
import { FrameReader } from './frame-reader.js'
import { MAX_MESSAGE_BYTES } from './protocol.js'

function framed(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(payload.length)
  return Buffer.concat([header, payload])
}

/** `bytes` in pieces that end where `cuts` say. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...ends].map((start, index) => bytes.subarray(start, ends[index] ?? bytes.length))
}

test('frames come out as they went in, however the stream is cut', () => {
  const payload = fc.uint8Array({ minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(fc.array(payload, { maxLength: 8 }), fc.array(fc.nat()), (payloads, cuts) => {
      const reader = new FrameReader()
      const read = pieces(Buffer.concat(payloads.map(framed)), cuts).flatMap((piece) => [
        ...reader.read(piece),
      ])
      expect(read.map((each) => [...each])).toEqual(payloads.map((each) => [...each]))
      expect(reader.unfinished).toBeUndefined()
    }),
  )
})

test('a stream of anything is read or refused with ERR_RESTART_MALFORMED, and nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.array(fc.nat()), (bytes, cuts) => {
      const reader = new FrameReader()
      try {
        for (const piece of pieces(Buffer.from(bytes), cuts)) {
          for (const payload of reader.read(piece))
            expect(payload.length).toBeLessThanOrEqual(MAX_MESSAGE_BYTES)
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_RESTART_MALFORMED' })
      }
    }),
  )
})

test('the largest frame is read, one byte more and one of no bytes are refused', () => {
  const largest = Buffer.alloc(MAX_MESSAGE_BYTES, 'x')
  const [read] = new FrameReader().read(framed(largest))
  expect(read!.equals(largest)).toBe(true)
  const refused = (length: number) => {
    const header = Buffer.alloc(4)
    header.writeUInt32BE(length)
    return () => [...new FrameReader().read(header)]
  }
  expect(refused(MAX_MESSAGE_BYTES + 1)).toThrow('a frame of 65537 bytes, and 65536 is the most')
  expect(refused(0xffffffff)).toThrow('a frame of 4294967295 bytes')
  expect(refused(0)).toThrow('a frame without a byte')
})

test('text in place of a length is told as such: somebody has taken the socket for another one', () => {
  expect(() => [...new FrameReader().read(Buffer.from('GET / HTTP/1.1\r\n'))]).toThrow('it began with "GET "')
})

test('the frames before a wrong length are not lost', () => {
  const good = encodeRequest(1, { type: 'ping' })
  const reader = new FrameReader()
  const read: Buffer[] = []
  expect(() => {
    for (const payload of reader.read(Buffer.concat([good, Buffer.from('oops')]))) read.push(payload)
  }).toThrow(expect.objectContaining({ code: 'ERR_RESTART_MALFORMED' }))
  expect(read).toEqual([good.subarray(4)])
})

test('what is missing of a frame is told', () => {
  const reader = new FrameReader()
  expect([...reader.read(Buffer.from([0, 0]))]).toEqual([])
  expect(reader.unfinished).toBe('2 of the 4 bytes of its length had come')
  expect([...reader.read(Buffer.from([0, 9, 1, 2]))]).toEqual([])
  expect(reader.unfinished).toBe('2 of its 9 bytes had come')
})
