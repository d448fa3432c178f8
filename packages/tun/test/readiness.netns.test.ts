//   namespace a
//   kernel 192.0.2.1/24 --- tun device --- this test, answering for 192.0.2.2
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { PacketBatch, type TunDevice } from '../src/index.js'
import { echoRequest } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

let lab: Lab
let device: TunDevice
const batch = new PacketBatch()

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())
beforeEach(async () => {
  device = await openUp(lab)
})
afterEach(() => device.close())

function requestEcho(): void {
  batch.clear()
  batch.append(echoRequest(PEER, HOST))
  device.queue.writeBatch(batch)
}

test('readable() resolves for every wait once a packet is there, and again while it stays', async () => {
  const waits = Promise.all([device.queue.readable(), device.queue.readable()])
  requestEcho()
  await waits
  await device.queue.readable()
  expect(device.queue.readBatch(batch)).toBe(1)
})

test('onReadable repeats until the queue is drained, and is silent once stopped', async () => {
  let calls = 0
  const stop = device.queue.onReadable(() => {
    calls += 1
    if (calls === 3) device.queue.readBatch(batch)
  })
  requestEcho()
  await waitFor(() => calls === 3)
  stop()
  stop()
  requestEcho()
  await device.queue.readable()
  expect(calls).toBe(3)
})

test('a wait and a callback are served side by side', async () => {
  let calls = 0
  const stop = device.queue.onReadable(() => {
    calls += 1
  })
  requestEcho()
  await device.queue.readable()
  await waitFor(() => calls > 1)
  stop()
})

test('a second callback is refused until the first is stopped', () => {
  const stop = device.queue.onReadable(() => {})
  expect(() => device.queue.onReadable(() => {})).toThrow(
    expect.objectContaining({ code: 'ERR_TUN_WATCHED' }),
  )
  stop()
  const stopSecond = device.queue.onReadable(() => {})
  stop()
  expect(() => device.queue.onReadable(() => {})).toThrow(
    expect.objectContaining({ code: 'ERR_TUN_WATCHED' }),
  )
  stopSecond()
})

test('several may wait for room, and what one of them throws takes no turn from another', async () => {
  const thrown: unknown[] = []
  const listeners = process.listeners('uncaughtException')
  process
    .removeAllListeners('uncaughtException')
    .on('uncaughtException', (error) => thrown.push(error.message))
  try {
    const calls = { writable: 0, readable: 0 }
    const stops = [
      device.queue.onWritable(() => {
        stops[0]!()
        throw new Error('thrown by a writer')
      }),
      device.queue.onWritable(() => {
        calls.writable += 1
      }),
      device.queue.onReadable(() => {
        calls.readable += 1
      }),
    ]
    requestEcho()
    await waitFor(() => calls.writable > 0 && calls.readable > 0)
    for (const stop of stops) stop()
    expect(thrown).toEqual(['thrown by a writer'])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of listeners) process.on('uncaughtException', listener)
  }
})

test('a signal that is none is refused, and waits for nothing', async () => {
  const signal = 5 as unknown as AbortSignal
  await expect(device.queue.readable({ signal })).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' })
  await device.close()
})

test('the callback may close the queue', async () => {
  const closed = new Promise<void>((resolve) => {
    device.queue.onReadable(() => resolve(device.close()))
  })
  requestEcho()
  await closed
  expect(device.queue.fd).toBe(-1)
})

test('aborting a wait rejects it alone', async () => {
  const controller = new AbortController()
  const aborted = device.queue.readable({ signal: controller.signal })
  const other = device.queue.readable()
  controller.abort('enough')
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'enough' })
  requestEcho()
  await other
  await expect(device.queue.readable({ signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: 'ABORT_ERR',
  })
})

// A descriptor that is polled before it is attached is in error for epoll, and stays so.
test('a queue is polled only once it is attached: an idle one announces nothing, and the first packet is announced', async () => {
  let calls = 0
  const stop = device.queue.onReadable(() => {
    calls += 1
  })
  for (let turn = 0; turn < 20; turn += 1) await nextTurn()
  expect(calls).toBe(0)
  requestEcho()
  await waitFor(() => calls > 0)
  stop()
  expect(device.queue.readBatch(batch)).toBe(1)
})

// Closing a descriptor does not end a wait for it by itself.
test('close wakes a pending readable()', async () => {
  const pending = device.queue.readable()
  const expectation = expect(pending).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED', device: device.name })
  await device.close()
  await expectation
})

test('a closed queue refuses everything, and closing again is nothing', async () => {
  await device.close()
  await device.close()
  const closed = expect.objectContaining({ code: 'ERR_TUN_CLOSED' })
  expect(() => device.queue.readBatch(batch)).toThrow(closed)
  expect(() => device.queue.writeBatch(batch)).toThrow(closed)
  expect(() => device.queue.onReadable(() => {})).toThrow(closed)
  expect(() => device.setPersist(true)).toThrow(closed)
  await expect(device.queue.readable()).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
  await expect(device.configure({ mtu: 1400 })).rejects.toMatchObject({ code: 'ERR_TUN_CLOSED' })
})

test('deleting the device wakes its reader, and reading says EBADFD', async () => {
  const pending = device.queue.readable()
  let calls = 0
  const stop = device.queue.onReadable(() => {
    calls += 1
  })
  await lab.ip('a', 'link', 'delete', device.name)
  await pending
  await waitFor(() => calls > 0)
  await device.queue.readable()
  stop()
  expect(() => device.queue.readBatch(batch)).toThrow(
    expect.objectContaining({ code: 'EBADFD', syscall: 'read(tun)', device: device.name }),
  )
})
