import { expect, test, vi } from 'vitest'
import { capturedBridgePortGone, capturedMove, capturedTun } from '../../../test/captured.js'
import { acknowledge, done, ScriptedKernel, type Sent } from '../../../test/scripted-kernel.js'
import { encodeMessages } from '../../codec/message.js'
import { NetlinkConnection } from '../../connection/connection.js'
import { NLM_F_DUMP } from '../../constants.js'
import { RTM_DELLINK, RTM_NEWLINK } from '../constants.js'
import { LinkWatch } from './watch-links.js'

const ENOBUFS = -105
const EBADF = -9
const NLMSG_HDRLEN = 16
const MTU_AT = 64

/** The captured TUN device, index 2, with another MTU. */
function tun(mtu: number): { type: number; payload: Uint8Array } {
  const payload = capturedTun.slice(NLMSG_HDRLEN)
  new DataView(payload.buffer).setUint32(MTU_AT, mtu, true)
  return { type: RTM_NEWLINK, payload }
}

const gone = { type: RTM_DELLINK, payload: capturedMove.slice(NLMSG_HDRLEN) }

function event(message: { type: number; payload: Uint8Array }): Uint8Array {
  return encodeMessages([{ flags: 0, sequence: 0, ...message }])
}

/** A watch that has read one TUN device of MTU 1000; the n-th reading finds what `readings` say, the last one from then on. */
async function startedWatch(...readings: ((request: Sent, kernel: ScriptedKernel) => void)[]) {
  const told: string[] = []
  let count = 0
  const finds1000 = finds(1000)
  const kernel = new ScriptedKernel((request) => {
    const isDump = (request.flags & NLM_F_DUMP) === NLM_F_DUMP
    if (!isDump) {
      kernel.reply(request, tun(0))
      acknowledge(request, kernel)
    } else if (count++ === 0) finds1000(request, kernel)
    else readings[Math.min(count - 2, readings.length - 1)]!(request, kernel)
  })
  const connection = new NetlinkConnection(kernel)
  const failed = vi.fn()
  const listener = {
    added: ({ mtu }: { mtu: number }) => told.push(`added ${mtu}`),
    changed: ({ mtu }: { mtu: number }) => told.push(`changed ${mtu}`),
    removed: () => told.push('removed'),
    lost: ({ code }: { code: string }) => told.push(code),
    failed,
  }
  const watch = new LinkWatch(connection, listener, true)
  await watch.start(undefined)
  return { kernel, watch, told, failed }
}

function finds(...mtus: number[]) {
  return (request: Sent, kernel: ScriptedKernel) => {
    kernel.reply(request, ...mtus.map(tun), done())
  }
}

test('what was lost is made good by reading anew', async () => {
  const { kernel, told } = await startedWatch(finds(1200))
  kernel.queue(ENOBUFS)
  await vi.waitFor(() => expect(told).toEqual(['ENOBUFS', 'changed 1200']))
})

test('a reading during which something is lost again counts for nothing', async () => {
  const lossy = (request: Sent, kernel: ScriptedKernel) => {
    kernel.reply(request, tun(1200), done())
    kernel.queue(ENOBUFS)
  }
  const { kernel, told } = await startedWatch(lossy, finds(1300))
  kernel.queue(ENOBUFS)
  await vi.waitFor(() => expect(told).toEqual(['ENOBUFS', 'ENOBUFS', 'changed 1300']))
})

test('an event that stood in the queue before the loss does not outlive the reading', async () => {
  const { kernel, told } = await startedWatch(finds(1300))
  kernel.queue(ENOBUFS, event(tun(1200)))
  await vi.waitFor(() => expect(told).toEqual(['ENOBUFS', 'changed 1200', 'changed 1300']))
})

test('an event between the reading and its arrival is not undone by it', async () => {
  const overtaken = (request: Sent, kernel: ScriptedKernel) => {
    kernel.queue(event(gone))
    kernel.reply(request, tun(1200), done())
  }
  const { kernel, told, watch } = await startedWatch(overtaken)
  kernel.queue(ENOBUFS)
  await vi.waitFor(() => expect(told).toEqual(['ENOBUFS', 'removed']))
  await vi.waitFor(() => expect(kernel.sent.length).toBe(4))
  expect(watch.links.size).toBe(0)
})

test('an event that cannot be read counts as lost', async () => {
  const { kernel, told } = await startedWatch(finds(1400))
  const cut = tun(1200)
  kernel.queue(event({ ...cut, payload: cut.payload.slice(0, 30) }))
  await vi.waitFor(() => expect(told).toEqual(['ERR_NETLINK_MALFORMED', 'changed 1400']))
})

test('a reading that cannot be understood ends the watch, and is not tried for ever', async () => {
  const cut = { ...tun(1200), payload: capturedTun.slice(NLMSG_HDRLEN, NLMSG_HDRLEN + 30) }
  const { kernel, failed } = await startedWatch((request, k) => k.reply(request, cut, done()))
  kernel.queue(ENOBUFS)
  await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(1))
  expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'ERR_NETLINK_MALFORMED' }))
  expect(kernel.isClosed).toBe(true)
})

test('a socket that fails ends the watch, and what was not told before is not told after', async () => {
  const { kernel, failed, told } = await startedWatch(finds(1000))
  kernel.queue(EBADF, event(tun(1200)))
  await vi.waitFor(() => expect(failed).toHaveBeenCalledTimes(1))
  expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'EBADF' }))
  expect(kernel.isClosed).toBe(true)
  expect(told).toEqual([])
})

test('a bridge port that goes is not told, and neither is anything after close', async () => {
  const { kernel, watch, told } = await startedWatch(finds(1000))
  const port = { type: RTM_DELLINK, payload: capturedBridgePortGone.slice(NLMSG_HDRLEN) }
  kernel.queue(event(port), event(tun(1100)))
  await vi.waitFor(() => expect(told).toEqual(['changed 1100']))
  await watch.close()
  await watch.close()
  kernel.queue(event(gone))
  await new Promise(setImmediate)
  expect(told).toEqual(['changed 1100'])
})
