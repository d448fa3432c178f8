import { expect, test } from 'vitest'
import { readAttributes } from './attribute-reader.js'
import { DatagramWriter } from './datagram-writer.js'
import { decodeMessages, type NetlinkMessage } from './message.js'
import { PayloadWriter } from './payload-writer.js'

test('a nest that is begun and ended is the one that a function fills', () => {
  const filled = new PayloadWriter().nested(1, (w) => w.nested(2, (inside) => inside.uint16BE(3, 80)))
  const begun = new PayloadWriter()
  const outer = begun.beginNested(1)
  const inner = begun.beginNested(2)
  begun.uint16BE(3, 80).endNested(inner).endNested(outer)
  expect(begun.finish()).toEqual(filled.finish())
})

test('raw bytes stand as they are, padded with zeros', () => {
  const writer = new PayloadWriter(Uint8Array.of(2)).raw(Uint8Array.of(9, 9, 9, 9, 9)).flag(1)
  expect([...writer.finish()]).toEqual([2, 0, 0, 0, 9, 9, 9, 9, 9, 0, 0, 0, 4, 0, 1, 0])
})

test('whatever is written when the buffer has to grow is not lost', () => {
  const write: ((writer: PayloadWriter) => void)[] = [
    (w) => w.uint8(1, 0x11),
    (w) => w.uint16BE(1, 0x1111),
    (w) => w.uint32(1, 0x11111111),
    (w) => w.uint64(1, 0x1111111111111111n),
    (w) => w.bytes(1, Uint8Array.of(0x11, 0x11)),
    (w) => w.raw(Uint8Array.of(5, 0, 1, 0, 0x11)),
  ]
  for (const add of write) {
    const writer = new PayloadWriter()
    for (let i = 0; i < 1_000; i++) add(writer)
    let count = 0
    for (const a = readAttributes(view(writer.finish())); a.next(); count++) expect(a.uint8()).toBe(0x11)
    expect(count).toBe(1_000)
  }
})

test('a datagram that is written anew has nothing of the one before, in its padding neither', () => {
  const writer = new DatagramWriter()
  for (const byte of [0xff, 1]) {
    writer.clear()
    for (let i = 0; i < 3; i++) {
      writer.begin(20, 1, 100 + i)
      writer.bytes(1, new Uint8Array(byte === 1 ? 1 : 4).fill(byte))
      writer.end()
    }
  }
  writer.addFlags(2, 4)
  const seen: NetlinkMessage[] = []
  const datagram = writer.slice(0, 3).slice()
  decodeMessages(datagram, 0, datagram.length, (message) => seen.push(message))
  expect(seen.map(({ type, flags, sequence }) => [type, flags, sequence])).toEqual([
    [20, 1, 100],
    [20, 1, 101],
    [20, 5, 102],
  ])
  expect([...writer.slice(1, 2).subarray(16)]).toEqual([5, 0, 1, 0, 1, 0, 0, 0])
})

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
