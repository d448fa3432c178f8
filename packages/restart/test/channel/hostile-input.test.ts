import { openSync, readdirSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { type FdChannel, openChannel, openChannelPair } from '../../src/channel/fd-channel.js'
import { MAX_PACKET_BYTES } from '../../src/channel/frame.js'

// left sends by itself what no channel would send; right is a channel, and must neither believe nor leak.

let left: FdChannel
let right: FdChannel
let before: number | undefined

const openDescriptors = () => readdirSync('/proc/self/fd').length

beforeEach(() => {
  if (before === undefined) {
    // What the event loop opens for its first watcher is not a leak.
    for (const end of pair()) end.close()
    before = openDescriptors()
  }
  ;[left, right] = pair()
})

afterEach(() => {
  left.close()
  right.close()
  expect(openDescriptors()).toBe(before)
})

function pair(): [FdChannel, FdChannel] {
  const { channel, fd } = openChannelPair()
  return [channel, openChannel(fd)]
}

function openFiles(count: number): number[] {
  return Array.from({ length: count }, () => openSync('/dev/null', 'r'))
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) binding().closeFd(fd)
}

function sendRaw(fd: number, bytes: Uint8Array, fds: readonly number[] = []): void {
  expect(binding().sendMessage(fd, bytes, Int32Array.from(fds))).toBe(bytes.byteLength)
}

function packet(type: string, number: number, body: string | Uint8Array = ''): Uint8Array {
  const header = Buffer.alloc(5)
  header.write(type)
  header.writeUInt32BE(number, 1)
  return Buffer.concat([header, Buffer.from(body as string)])
}

test.each<[string, Uint8Array, number]>([
  ['an empty type', Buffer.from([0]), 0],
  ['a header that is cut', Buffer.from('M\0'), 0],
  ['no JSON', packet('M', 0, 'hello'), 0],
  ['JSON that is no object', packet('M', 0, '[1]'), 0],
  ['null', packet('M', 0, 'null'), 0],
  ['text that is not UTF-8', packet('M', 0, Buffer.from([0x22, 0xff, 0x22])), 0],
  ['fewer descriptors than it said', packet('M', 2, '{}'), 1],
  ['more descriptors than it said', packet('M', 0, '{}'), 1],
  ['descriptors of no message', packet('F', 1), 1],
  ['a chunk of nothing', Buffer.from('Cabc'), 0],
  ['bytes with descriptors', packet('B', 3, 'tag'), 1],
  ['more bytes than are allowed', packet('B', 2 ** 32 - 1, 'tag'), 0],
  ['a packet that is too large', Buffer.alloc(MAX_PACKET_BYTES + 1, 'M'), 1],
])('%s closes the channel, and no descriptor leaks', async (_what, bytes, count) => {
  const fds = openFiles(count)
  sendRaw(left.fd, bytes, fds)
  closeAll(fds)
  await expect(right.receive()).rejects.toMatchObject({
    code: 'ERR_RESTART_CHANNEL_MALFORMED',
    hint: expect.stringContaining('@slatfatf/restart'),
  })
  await expect(right.receive()).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_MALFORMED' })
})

test.each<[string, Uint8Array, number]>([
  ['another message', packet('M', 0, '{}'), 0],
  ['bytes', packet('B', 1, 'tag'), 0],
  ['a chunk', Buffer.from('Cabc'), 0],
  ['more descriptors than are missing', packet('F', 48), 48],
  ['none of the descriptors that are missing', packet('F', 0), 0],
  ['the end', Buffer.alloc(0), 0],
])('%s in the middle of a message, and no descriptor leaks', async (_what, bytes, count) => {
  const fds = openFiles(253)
  sendRaw(left.fd, packet('M', 300, '{}'), fds)
  sendRaw(left.fd, bytes, fds.slice(0, count))
  closeAll(fds)
  const outcome = await right.receive().catch((error) => error.code)
  expect(outcome).toBe(bytes.length === 0 ? undefined : 'ERR_RESTART_CHANNEL_MALFORMED')
})

test('bytes that are more than they were said to be close the channel', async () => {
  sendRaw(left.fd, packet('B', 4, 'tag'))
  sendRaw(left.fd, Buffer.from('C12345'))
  await expect(right.receive()).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_MALFORMED' })
})

test('a flood that nobody asked for closes the channel instead of filling the memory', async () => {
  const refused = expect(right.receive({ only: () => false })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHANNEL_MALFORMED',
  })
  const flood = async () => {
    for (;;) await left.send({ type: 'flood' })
  }
  await expect(flood()).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  await refused
})
