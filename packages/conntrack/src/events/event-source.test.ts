import { NLM_F_CREATE, NLM_F_EXCL } from '@slatfatf/netlink'
import { createFakeNetlink, type FakeNetlink } from '@slatfatf/netlink/fake'
import { afterEach, expect, test } from 'vitest'
import { IPCTNL_MSG_CT_NEW } from '../codec/constants.js'
import { writeNewFlow } from '../codec/encode-flow.js'
import { payloadOf } from '../conntrack/session.js'
import { replyTuple } from '../nat/reply-tuple.js'
import { EventSource } from './event-source.js'

const sources: EventSource<string>[] = []
afterEach(async () => {
  for (const source of sources.splice(0)) await source.close()
})

/** Hears what is told, in its order; `lost` says of which requests the answer is dropped. */
function listen(
  lost: (request: number) => boolean = () => false,
  error?: string,
): { kernel: FakeNetlink; told: string[] } {
  let requests = 0
  const kernel = createFakeNetlink({
    answer: () => (lost(requests++) ? { lost: true } : { error }),
  })
  const told: string[] = []
  const listener = {
    event: (event: object) => told.push('flow' in event ? 'event' : 'expectation'),
    loss: () => told.push('loss'),
    gap: () => told.push('gap'),
    failed: () => told.push('failed'),
  }
  const options = { addresses: 'text', maxReceiveBufferBytes: 1_000_000, ref: false } as const
  sources.push(new EventSource<string>(kernel.connection, listener, options))
  return { kernel, told }
}

function emit(kernel: FakeNetlink, count = 1): void {
  const ends = { source: '192.0.2.1', destination: '192.0.2.2', protocol: 'udp' } as const
  const flow = { original: { ...ends, sourcePort: 1, destinationPort: 2 }, timeoutSeconds: 1 }
  const payload = payloadOf((writer) => writeNewFlow(writer, flow, replyTuple(flow.original)))
  for (; count > 0; count--) {
    kernel.emit({ type: IPCTNL_MSG_CT_NEW, flags: NLM_F_CREATE | NLM_F_EXCL, payload })
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate)
}

test('a loss is told before what was queued earlier, the gap after it', async () => {
  const { kernel, told } = listen()
  kernel.overflow()
  emit(kernel, 3)
  await until(() => told.includes('gap'))
  expect(told).toEqual(['loss', 'event', 'event', 'event', 'gap'])
})

test('where the answer that should find the gap is dropped too, the gap is the empty queue', async () => {
  const { kernel, told } = listen((request) => request === 0)
  kernel.overflow()
  emit(kernel, 2)
  await until(() => told.includes('gap'))
  emit(kernel)
  await until(() => told.at(-1) === 'event')
  expect(told.filter((each) => each !== 'loss')).toEqual(['event', 'event', 'gap', 'event'])
})

test('a loss that follows at once is one gap, behind the later one', async () => {
  const { kernel, told } = listen()
  kernel.overflow()
  emit(kernel)
  kernel.overflow()
  emit(kernel)
  await until(() => told.includes('gap') && told.filter((each) => each === 'event').length === 2)
  expect(told.at(-1)).toBe('gap')
  expect(told.filter((each) => each === 'gap')).toEqual(['gap'])
})

test('each loss doubles the buffer, up to its limit', async () => {
  const { kernel, told } = listen()
  for (const bytes of [425_984, 851_968, 1_000_000, 1_000_000]) {
    kernel.overflow()
    const gaps = told.filter((each) => each === 'gap').length
    await until(() => told.filter((each) => each === 'gap').length > gaps)
    expect(kernel.connection.receiveBufferBytes).toBe(bytes)
  }
})

test('an event that contradicts itself is a loss, and the stream goes on', async () => {
  const { kernel, told } = listen()
  kernel.emit({ type: IPCTNL_MSG_CT_NEW, payload: Uint8Array.of(2, 0, 0, 0, 99, 0, 1, 0) })
  await until(() => told.includes('gap'))
  emit(kernel)
  await until(() => told.includes('event'))
  expect(told).toEqual(['loss', 'gap', 'event'])
})

test('messages that are no events of connection tracking are passed over', async () => {
  const { kernel, told } = listen()
  kernel.emit({ type: (10 << 8) | 0, payload: new Uint8Array(4) })
  emit(kernel)
  await until(() => told.length > 0)
  expect(told).toEqual(['event'])
})

test('to find a gap nothing of the table is asked for: the call would wait while somebody flushes it', async () => {
  const { kernel, told } = listen()
  kernel.overflow()
  await until(() => told.includes('gap'))
  expect(kernel.requests.map(({ type }) => type)).toEqual([1])
})

test('a process that has given up its capability since is told of its gaps all the same', async () => {
  const { kernel, told } = listen(() => false, 'EPERM')
  kernel.overflow()
  await until(() => told.includes('gap'))
  expect(told).toEqual(['loss', 'gap'])
})
