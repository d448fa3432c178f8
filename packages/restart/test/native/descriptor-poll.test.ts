import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { READABLE } from '../../src/channel/channel-binding.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

let near: number
let far: number

beforeEach(() => {
  ;[near, far] = binding().socketPair('seqpacket')
})

afterEach(() => {
  for (const fd of [near, far]) binding().closeFd(fd)
})

const none = new Int32Array(0)
const read = () => binding().receiveMessage(near, new Uint8Array(16), new Int32Array(254))
const send = () => binding().sendMessage(far, Uint8Array.of(1), none)

test('a poll that nothing refers to is not collected, and goes on calling', async () => {
  let calls = 0
  let stop = () => {}
  const begin = () => {
    const poll = new (binding().DescriptorPoll)(near)
    const weak = new WeakRef(poll)
    poll.start(READABLE, () => {
      calls += read() > 0 ? 1 : 0
    })
    stop = () => weak.deref()?.close()
  }
  begin()
  for (let round = 1; round <= 5; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    collectGarbage()
    send()
    await waitFor(() => calls === round, { message: `call ${round}` })
  }
  stop()
})

test('a poll that was stopped, or never started, can be collected', async () => {
  const begin = () => {
    const poll = new (binding().DescriptorPoll)(near)
    poll.start(READABLE, read)
    poll.stop()
    return new WeakRef(poll)
  }
  const weak = begin()
  await waitFor(
    () => {
      collectGarbage()
      return weak.deref() === undefined
    },
    { message: 'the poll to be collected' },
  )
  // Its handle is closed too: libuv refuses a second one of the same descriptor.
  const next = await waitFor(() => new (binding().DescriptorPoll)(near), {
    message: 'the handle to be closed',
  })
  next.close()
})

test('a poll that ends itself in its own callback calls no more', async () => {
  let calls = 0
  const poll = new (binding().DescriptorPoll)(near)
  poll.start(READABLE, () => {
    calls++
    poll.close()
    collectGarbage()
  })
  send()
  await waitFor(() => calls > 0)
  await new Promise((resolve) => setImmediate(resolve))
  expect(calls).toBe(1)
  expect(poll.start(READABLE, () => {})).toBeLessThan(0)
})
