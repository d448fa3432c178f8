import { expect, test, vi } from 'vitest'
import { readAttributes } from '../codec/attribute-reader.js'
import type { NetlinkMessage } from '../codec/message.js'
import { PayloadWriter } from '../codec/payload-writer.js'
import { createFakeNetlink, type FakeAnswer, type FakeRequest } from './index.js'

const value = ({ payload }: NetlinkMessage) => payload.getUint8(0)
const message = (number: number) => ({ type: 100, payload: Uint8Array.of(number) })

function answering(answer: (request: FakeRequest) => FakeAnswer | undefined) {
  return createFakeNetlink({ answer })
}

test('without an answer of its own everything succeeds, and the requests can be read', async () => {
  const { connection, requests } = createFakeNetlink()
  const payload = new PayloadWriter(new Uint8Array(4)).uint32BE(8, 42).finish()
  expect(await connection.request({ type: 100, flags: 0x400, payload })).toEqual([])
  const [{ type, payload: sent, isDump }] = requests as [FakeRequest]
  const mark = readAttributes(sent, 4)
  expect([type, isDump, mark.next(), mark.type, mark.uint32BE()]).toEqual([100, false, true, 8, 42])
})

test('replies, entries of a dump and flags of a dump reach whoever asked', async () => {
  const replies = Array.from({ length: 200 }, (_, i) => message(i))
  const { connection } = answering(({ isDump }) => ({
    replies: isDump ? replies : [message(1)],
    filtered: isDump,
  }))
  expect(await connection.request({ type: 100 }, value)).toEqual([1])
  expect((await connection.dump({ type: 100 }, value)).length).toBe(200)
  const stream = connection.stream({ type: 100 }, value)
  await stream.next()
  expect(stream.filtered).toBe(true)
})

test('a refusal has its name, the words of the kernel and the way to the attribute', async () => {
  const { connection } = answering(() => ({
    error: 'EINVAL',
    kernelMessage: 'Attribute failed policy validation',
    attributeOffset: 20,
  }))
  const payload = new PayloadWriter(new Uint8Array(4)).uint8(8, 1).finish()
  const attributeNames = { headerBytes: 4, attributes: { 8: 'CTA_MARK' } }
  const refusal = {
    code: 'EINVAL',
    kernelMessage: 'Attribute failed policy validation',
    attributePath: 'CTA_MARK',
    message: expect.stringContaining('CTA_MARK'),
  }
  const request = { type: 100, payload, attributeNames }
  await expect(connection.request(request)).rejects.toMatchObject(refusal)
  const [error] = await connection.batch([request])
  expect(error).toMatchObject(refusal)
})

test('a bulk gets the outcomes that the answers give, losses included', async () => {
  let count = 0
  const script: (FakeAnswer | undefined)[] = [undefined, { error: 'EEXIST' }, undefined, { lost: true }]
  const { connection, datagramSizes } = answering(() => script[count++])
  const result = await connection.bulk(6, () => {}, { type: 100, messagesPerDatagram: 2 })
  expect([0, 1, 2, 3, 4, 5].map((index) => result.outcomeAt(index))).toEqual([
    'ok',
    'exists',
    'unknown',
    'unknown',
    'ok',
    'ok',
  ])
  expect(datagramSizes).toEqual([2, 2, 2])
})

test('events and overflows reach a subscriber', async () => {
  const fake = createFakeNetlink()
  const seen: unknown[] = []
  fake.connection.subscribe({
    message: (event) => seen.push([value(event), event.namespaceId]),
    lost: ({ code }) => seen.push(code),
  })
  fake.emit(message(1))
  fake.overflow()
  fake.emit(message(2), { namespaceId: 0 })
  await vi.waitFor(() => expect(seen).toEqual([[1, undefined], 'ENOBUFS', [2, 0]]))
})

test('an interrupted dump is made anew, as with the kernel', async () => {
  const { connection, requests } = answering(() => ({
    replies: [message(1)],
    interrupted: requests.length === 1,
  }))
  expect(await connection.dump({ type: 100 }, value)).toEqual([1])
  expect(requests.length).toBe(2)
})

test('the receive buffer can be asked for and grown, never shrunk', () => {
  const { connection } = createFakeNetlink()
  expect(connection.receiveBufferBytes).toBe(212_992)
  expect(connection.growReceiveBuffer(1_000_000)).toBe(1_000_000)
  expect(connection.growReceiveBuffer(1_000)).toBe(1_000_000)
})

test('what is no option, and what is no errno, is refused', async () => {
  expect(() => createFakeNetlink({ reply() {} } as never)).toThrow(RangeError)
  expect(() => createFakeNetlink({ answer: 1 as never })).toThrow(TypeError)
  const { connection } = answering(() => ({ error: 'ENOSUCHTHING' }))
  await expect(connection.request({ type: 100 })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})
