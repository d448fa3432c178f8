import { fstatSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import { type FdChannel, openChannel, openChannelPair } from './fd-channel.js'
import { MAX_MESSAGE_BYTES } from './frame.js'

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

// Whatever a test does, nothing is left open.
afterEach(() => {
  left.close()
  right.close()
  expect(openDescriptors()).toBe(before)
})

function pair(): [FdChannel, FdChannel] {
  const { channel, fd } = openChannelPair()
  return [channel, openChannel(fd)]
}

/** Descriptors of one file, and its inode, to recognise them. */
function openFiles(count: number): { fds: number[]; inode: number } {
  const fds = [openSync('/dev/null', 'r')]
  while (fds.length < count) fds.push(binding().duplicateFd(fds[0]!))
  return { fds, inode: fstatSync(fds[0]!).ino }
}

function closeAll(fds: readonly number[]): void {
  for (const fd of fds) binding().closeFd(fd)
}

test('messages go both ways, in order', async () => {
  await left.send({ type: 'one' })
  await left.send({ type: 'two', text: 'ä\u0000€' })
  await right.send({ type: 'three' })
  expect(await right.receive()).toEqual({ message: { type: 'one' }, fds: [] })
  expect(await right.receive()).toEqual({ message: { type: 'two', text: 'ä\u0000€' }, fds: [] })
  expect(await left.receive()).toEqual({ message: { type: 'three' }, fds: [] })
})

test('descriptors come with their message, as copies that are close-on-exec', async () => {
  const { fds, inode } = openFiles(3)
  await left.send({ type: 'files' }, fds)
  closeAll(fds)
  const received = (await right.receive()) as { fds: number[] }
  expect(received.fds).toHaveLength(3)
  for (const fd of received.fds) {
    expect(fstatSync(fd).ino).toBe(inode)
    expect(binding().describeFd(fd).closeOnExec).toBe(true)
  }
  closeAll(received.fds)
})

test.each([252, 253, 254, 506, 507, 1000])(
  '%i descriptors arrive with one message, in order',
  async (count) => {
    const directory = mkdtempSync(join(tmpdir(), 'channel-'))
    const marks = [0, count - 1].map((at) => openSync(join(directory, `${at}`), 'w'))
    const { fds } = openFiles(count - 2)
    const all = [marks[0]!, ...fds, marks[1]!]
    const inodes = marks.map((fd) => fstatSync(fd).ino)
    await left.send({ type: 'many' }, all)
    await left.send({ type: 'next' })
    closeAll(all)
    const received = (await right.receive()) as { message: object; fds: number[] }
    expect(received.message).toEqual({ type: 'many' })
    expect(received.fds).toHaveLength(count)
    expect([received.fds[0]!, received.fds.at(-1)!].map((fd) => fstatSync(fd).ino)).toEqual(inodes)
    closeAll(received.fds)
    expect(await right.receive()).toEqual({ message: { type: 'next' }, fds: [] })
    rmSync(directory, { recursive: true })
  },
)

test('ten thousand descriptors are on their way while the other end does not read yet', async () => {
  const { fds } = openFiles(1)
  const sent = left.send({ type: 'many' }, Array(10_000).fill(fds[0]))
  const received = (await right.receive({ timeoutMs: 20_000 })) as { fds: number[] }
  await sent
  expect(new Set(received.fds).size).toBe(10_000)
  closeAll([...fds, ...received.fds])
})

test.each([0, 1, MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES + 1, 3_000_000])(
  '%i bytes arrive whole',
  async (size) => {
    const bytes = Buffer.alloc(size, 'abcdefg')
    const sent = left.sendBytes('state', bytes)
    const received = (await right.receive()) as { tag: string; bytes: Uint8Array }
    await sent
    expect(received.tag).toBe('state')
    expect(Buffer.compare(Buffer.from(received.bytes), bytes)).toBe(0)
  },
)

test('a sender waits for a receiver that does not read, and so do those behind it', async () => {
  const order: string[] = []
  const sends = [
    left.sendBytes('large', Buffer.alloc(2_000_000)).then(() => order.push('large')),
    left.send({ type: 'small' }).then(() => order.push('small')),
  ]
  await new Promise(setImmediate)
  expect(order).toEqual([])
  expect(await right.receive()).toMatchObject({ tag: 'large' })
  expect(await right.receive()).toMatchObject({ message: { type: 'small' } })
  await Promise.all(sends)
  expect(order).toEqual(['large', 'small'])
})

test('a message has at most 64 KiB, and must be an object', async () => {
  const text = 'x'.repeat(MAX_MESSAGE_BYTES - '{"text":""}'.length)
  await left.send({ text })
  expect(await right.receive()).toEqual({ message: { text }, fds: [] })
  await expect(left.send({ text: `${text}x` })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  await expect(left.send([] as object)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  await expect(left.send({}, [-1])).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  await expect(left.send({}, [], { timeout: 1 } as object)).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

test('a descriptor that is not open is refused, and the channel goes on', async () => {
  const { fds } = openFiles(1)
  await expect(left.send({ type: 'bad' }, [...fds, 999_999])).rejects.toMatchObject({
    code: 'EBADF',
    syscall: 'sendmsg',
  })
  await left.send({ type: 'good' }, fds)
  const received = (await right.receive()) as { message: object; fds: number[] }
  expect(received.message).toEqual({ type: 'good' })
  closeAll([...fds, ...received.fds])
})

test('a descriptor that is not open, behind the first 253, closes the channel: the message is half sent', async () => {
  const { fds } = openFiles(253)
  await expect(left.send({ type: 'bad' }, [...fds, 999_999])).rejects.toMatchObject({ code: 'EBADF' })
  await expect(left.send({ type: 'next' })).rejects.toMatchObject({ code: 'EBADF' })
  expect(await right.receive()).toBeUndefined()
  closeAll(fds)
})

test('receive tells that the other end is gone, after all that it sent', async () => {
  await left.send({ type: 'last' })
  // Unread messages of ours make the kernel report a reset first.
  await right.send({ type: 'never read' })
  left.close()
  expect(await right.receive()).toEqual({ message: { type: 'last' }, fds: [] })
  expect(await right.receive()).toBeUndefined()
  expect(await right.receive()).toBeUndefined()
})

test('sending to an end that is gone says so', async () => {
  left.close()
  await expect(right.send({ type: 'late' })).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
})

test('an end that goes while a message waits for room rejects it', async () => {
  const sent = left.sendBytes('large', Buffer.alloc(2_000_000))
  const behind = left.send({ type: 'behind' })
  right.close()
  await expect(sent).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  await expect(behind).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
})

test('close rejects what waits, and closes descriptors that nobody has received', async () => {
  const { fds } = openFiles(2)
  const waiting = right.receive({ only: () => false })
  await left.send({ type: 'not wanted' }, fds)
  closeAll(fds)
  await left.send({ type: 'wanted' })
  // When this has come, the message before it is in the mailbox.
  await right.receive({
    only: (received) =>
      'message' in received && 'type' in received.message && received.message.type === 'wanted',
  })
  right.close()
  right.close()
  await expect(waiting).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  await expect(right.receive()).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  await expect(right.send({})).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  right.ref()
  right.unref()
})

test('a wait can be given up, by a signal or by time, and loses no message', async () => {
  const abort = new AbortController()
  const aborted = right.receive({ signal: abort.signal })
  const timed = right.receive({ timeoutMs: 1 })
  abort.abort(new Error('enough'))
  await expect(aborted).rejects.toThrow('enough')
  await expect(timed).rejects.toMatchObject({ code: 'ERR_RESTART_TIMED_OUT' })
  await expect(right.receive({ signal: abort.signal })).rejects.toThrow('enough')
  await left.send({ type: 'still there' })
  expect(await right.receive()).toMatchObject({ message: { type: 'still there' } })
})

test('giving up before anything was sent takes the message back; half sent, it closes the channel', async () => {
  const large = left.sendBytes('large', Buffer.alloc(2_000_000), { timeoutMs: 20 })
  const behind = left.send({ type: 'behind' }, [], { timeoutMs: 1 })
  await expect(behind).rejects.toMatchObject({ code: 'ERR_RESTART_TIMED_OUT' })
  await expect(large).rejects.toMatchObject({ code: 'ERR_RESTART_TIMED_OUT' })
  await expect(left.send({})).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  expect(await right.receive()).toBeUndefined()
})

test('who waits for a certain message is served before who takes any', async () => {
  const any = right.receive()
  const certain = right.receive({ only: (received) => 'tag' in received })
  await left.sendBytes('first', Buffer.from('1'))
  await left.sendBytes('second', Buffer.from('2'))
  expect(await certain).toMatchObject({ tag: 'first' })
  expect(await any).toMatchObject({ tag: 'second' })
})

test('the bytes of one message are bounded by maxBytes', async () => {
  const { channel, fd } = openChannelPair({ maxBytes: 10 })
  const small = openChannel(fd, { maxBytes: 10 })
  await channel.sendBytes('ten', Buffer.alloc(10))
  expect(await small.receive()).toMatchObject({ tag: 'ten' })
  await channel.sendBytes('eleven', Buffer.alloc(11))
  await expect(small.receive()).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_MALFORMED' })
  channel.close()
})

test('what is no end of a channel is refused, and stays open', () => {
  const { fds } = openFiles(1)
  const [stream, other] = binding().socketPair('stream')
  for (const fd of [fds[0]!, stream]) {
    expect(() => openChannel(fd)).toThrow(expect.objectContaining({ code: 'ERR_RESTART_NOT_A_CHANNEL' }))
    expect(binding().describeFd(fd)).toBeDefined()
  }
  closeAll([...fds, stream, other])
  expect(() => openChannel(999_999)).toThrow(expect.objectContaining({ code: 'EBADF' }))
  expect(() => openChannel('3' as never)).toThrow(TypeError)
  expect(() => openChannel(3, { maxbytes: 1 } as never)).toThrow(RangeError)
})
