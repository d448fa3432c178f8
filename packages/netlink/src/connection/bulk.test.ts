import { expect, test } from 'vitest'
import { acknowledge, error, event, ScriptedKernel, type Sent } from '../../test/scripted-kernel.js'
import { NLM_F_ACK } from '../constants.js'
import { BULK_EXISTS, BULK_OK, BULK_UNKNOWN } from './bulk-result.js'
import { NetlinkConnection } from './connection.js'

const ENOBUFS = -105
const EMSGSIZE = -90
const EEXIST = -17
const ENOENT = -2
const options = { type: 100, messagesPerDatagram: 4 }
const nothing = () => {}

/** Refuses the n-th message of all with the errno that `script` gives for it. */
function refusing(script: Record<number, number>): ScriptedKernel {
  let index = 0
  return new ScriptedKernel((request, kernel) => {
    const errno = script[index++]
    if (errno === ENOBUFS) kernel.queue(ENOBUFS)
    else if (errno !== undefined) kernel.reply(request, error(errno))
    else acknowledge(request, kernel)
  })
}

test('each message has its own outcome, and only the last of a datagram asks for an acknowledgement', async () => {
  const kernel = refusing({ 1: EEXIST, 4: ENOENT, 7: EEXIST })
  const result = await new NetlinkConnection(kernel).bulk(10, nothing, options)
  const names = Array.from({ length: 10 }, (_, index) => result.outcomeAt(index))
  expect(names).toEqual(['ok', 'exists', 'ok', 'ok', 'error', 'ok', 'ok', 'exists', 'ok', 'ok'])
  expect(result).toMatchObject({ ok: 7, exists: 2, error: 1, unknown: 0 })
  expect(kernel.datagramSizes).toEqual([4, 4, 2])
  expect(kernel.sent.flatMap(({ flags }, index) => ((flags & NLM_F_ACK) !== 0 ? [index] : []))).toEqual([
    3, 7, 9,
  ])
})

test('errors are made when they are asked for, under the name of their message', async () => {
  const kernel = refusing({ 2: ENOENT })
  const operation = (index: number) => `delete entry ${index}`
  const result = await new NetlinkConnection(kernel).bulk(3, nothing, { ...options, operation })
  expect(result.errorAt(0)).toBeUndefined()
  expect(result.errnoAt(2)).toBe(ENOENT)
  expect([...result.errors.keys()]).toEqual([2])
  expect(result.errors.get(2)).toMatchObject({ code: 'ENOENT', operation: 'delete entry 2' })
  expect(() => result.outcomeAt(3)).toThrow(RangeError)
})

test('the payload of a message is what its function wrote', async () => {
  const payloads: number[] = []
  const kernel = new ScriptedKernel()
  const { send } = kernel
  kernel.send = (bytes) => {
    payloads.push(...bytes)
    return send.call(kernel, bytes)
  }
  await new NetlinkConnection(kernel).bulk(2, (index, w) => w.uint8(7, 40 + index), options)
  expect([payloads[20], payloads[44], payloads.length]).toEqual([40, 41, 48])
})

test('after an overflow nothing of that datagram is ok unless it was acknowledged, and the next datagram is not touched', async () => {
  const kernel = refusing({ 1: EEXIST, 2: ENOBUFS })
  const result = await new NetlinkConnection(kernel).bulk(8, nothing, options)
  expect([...result.outcomes]).toEqual([
    BULK_UNKNOWN,
    BULK_EXISTS,
    BULK_UNKNOWN,
    BULK_OK,
    ...Array(4).fill(BULK_OK),
  ])
  expect(result.errorAt(0)).toMatchObject({ code: 'ENOBUFS' })
})

test('an overflow that took the acknowledgement too ends the datagram instead of waiting for ever', async () => {
  const kernel = refusing({ 1: EEXIST, 3: ENOBUFS })
  const result = await new NetlinkConnection(kernel).bulk(8, nothing, options)
  expect(result).toMatchObject({ ok: 4, exists: 1, unknown: 3 })
})

test('where the kernel hides its losses, a missing acknowledgement is a loss', async () => {
  const kernel = new ScriptedKernel((request, k) => {
    if (request.sequence > 4) acknowledge(request, k)
  })
  const connection = new NetlinkConnection(kernel, { lossIsSilent: true })
  expect(await connection.bulk(8, nothing, options)).toMatchObject({ ok: 4, unknown: 4 })
})

test('where the kernel hides its losses, an acknowledgement that found room vouches for no message before it', async () => {
  const kernel = new ScriptedKernel((request, k) => {
    if (request.sequence !== 2) acknowledge(request, k)
  })
  const result = await new NetlinkConnection(kernel, { lossIsSilent: true }).bulk(4, nothing, options)
  expect([...result.outcomes]).toEqual([BULK_OK, BULK_UNKNOWN, BULK_OK, BULK_OK])
})

test('a datagram sent while an overflow is not read to its end is unknown, as the kernel reports no second overflow', async () => {
  const busy = () => {
    const end = performance.now() + 1
    while (performance.now() < end);
  }
  let isCongested = true
  const kernel = new ScriptedKernel((request, k) => {
    if (!isCongested) acknowledge(request, k)
  })
  const { receive } = kernel
  kernel.receive = (...args) => {
    isCongested = kernel.queuedItems > 0
    return receive.apply(kernel, args)
  }
  const connection = new NetlinkConnection(kernel)
  connection.subscribe({ message: busy, lost() {} }, { ref: false })
  kernel.queue(ENOBUFS, ...Array.from({ length: 200 }, () => event(1)))
  const result = await connection.bulk(12, nothing, options)
  expect(result.unknown).toBeGreaterThan(0)
  expect(result.unknown + result.ok).toBe(12)
  await connection.close()
})

test('a datagram larger than the send buffer goes in halves, and later ones are smaller', async () => {
  const kernel = refusing({ 1: EEXIST })
  kernel.sendError = EMSGSIZE
  const result = await new NetlinkConnection(kernel).bulk(10, nothing, { ...options, messagesPerDatagram: 8 })
  expect(kernel.datagramSizes).toEqual([4, 4, 2])
  expect(result).toMatchObject({ ok: 9, exists: 1 })
})

test('a single message larger than the send buffer is an error of its own', async () => {
  const kernel = new ScriptedKernel()
  kernel.sendError = EMSGSIZE
  const result = await new NetlinkConnection(kernel).bulk(2, nothing, { ...options, messagesPerDatagram: 1 })
  expect([result.outcomeAt(0), result.outcomeAt(1)]).toEqual(['error', 'ok'])
  expect(result.errorAt(0)).toMatchObject({ code: 'EMSGSIZE', syscall: 'sendmsg' })
})

test('what write throws rejects, and nothing of that datagram is sent', async () => {
  const kernel = new ScriptedKernel()
  const write = (index: number) => {
    if (index === 6) throw new Error('no such entry')
  }
  await expect(new NetlinkConnection(kernel).bulk(8, write, options)).rejects.toThrow('no such entry')
  expect(kernel.datagramSizes).toEqual([4])
})

test('replies are given with the index of their message', async () => {
  const kernel = new ScriptedKernel((request, k) => {
    k.reply(request, { type: 101, payload: Uint8Array.of(request.sequence) })
    acknowledge(request, k)
  })
  const seen: number[][] = []
  const connection = new NetlinkConnection(kernel)
  await connection.bulk(6, nothing, {
    ...options,
    reply: (index, { payload }) => seen.push([index, payload.getUint8(0)]),
  })
  expect(seen.map(([index]) => index)).toEqual([0, 1, 2, 3, 4, 5])
})

test('answers that come late are waited for, while requests and other bulks go on', async () => {
  const held: Sent[] = []
  const kernel = new ScriptedKernel((request, k) => {
    if (request.type === 100) held.push(request)
    else acknowledge(request, k)
  })
  const connection = new NetlinkConnection(kernel)
  const slow = connection.bulk(2, nothing, options)
  await connection.request({ type: 101 })
  expect(await connection.bulk(3, nothing, { type: 102 })).toMatchObject({ ok: 3 })
  expect(kernel.isHeld).toBe(true)
  for (const request of held) acknowledge(request, kernel)
  expect(await slow).toMatchObject({ ok: 2 })
  expect(kernel.isHeld).toBe(false)
})

test('a bulk that a subscriber starts does not spoil what is still to be told', async () => {
  const kernel = new ScriptedKernel()
  const connection = new NetlinkConnection(kernel)
  const seen: number[] = []
  const bulks: Promise<unknown>[] = []
  connection.subscribe({
    message({ payload }) {
      seen.push(payload.getUint8(0))
      bulks.push(connection.bulk(5, nothing, options))
    },
    lost() {},
  })
  kernel.queue(event(1), event(2), event(3))
  await connection.request({ type: 100 })
  expect(seen).toEqual([1, 2, 3])
  for (const result of await Promise.all(bulks)) expect(result).toMatchObject({ ok: 5 })
})

test('an abort and a close reject, also while an answer is waited for', async () => {
  const kernel = new ScriptedKernel(() => {})
  const connection = new NetlinkConnection(kernel)
  const abort = new AbortController()
  const aborted = connection.bulk(8, nothing, { ...options, signal: abort.signal })
  const closed = connection.bulk(8, nothing, options)
  setImmediate(() => abort.abort(new Error('enough')))
  await expect(aborted).rejects.toThrow('enough')
  void connection.close()
  await expect(closed).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
  await expect(connection.bulk(1, nothing, options)).rejects.toMatchObject({ code: 'ERR_NETLINK_CLOSED' })
})

test('no messages are done at once, wrong arguments are refused', async () => {
  const connection = new NetlinkConnection(new ScriptedKernel())
  expect(await connection.bulk(0, nothing, options)).toMatchObject({ ok: 0, unknown: 0 })
  const code = (expected: string) => expect.objectContaining({ code: expected })
  const value = code('ERR_INVALID_ARG_VALUE')
  await expect(connection.bulk(-1, nothing, options)).rejects.toEqual(value)
  await expect(connection.bulk(1, nothing, { ...options, messagesPerDatagram: 0 })).rejects.toEqual(value)
  await expect(connection.bulk(1, nothing, { ...options, flag: 1 } as never)).rejects.toEqual(value)
  await expect(connection.bulk(1, undefined as never, options)).rejects.toEqual(code('ERR_INVALID_ARG_TYPE'))
})
