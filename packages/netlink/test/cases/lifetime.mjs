import { readdirSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { openNetlink, openRouteSocket } from '@slatfatf/netlink'

const RTNLGRP_LINK = 1

export async function descriptorsAfter(opens) {
  await (await openRouteSocket()).close()
  const before = descriptors()
  for (let i = 0; i < opens; i++) {
    const socket = await openRouteSocket()
    if (i % 100 === 0) await socket.links()
    await socket.close()
  }
  return { before, after: descriptors() }
}

export async function descriptorsAfterFailures(count) {
  const before = descriptors()
  for (let i = 0; i < count; i++) {
    await openNetlink({ protocol: 0, groups: [0x7fffffff] }).catch(() => {})
  }
  return { before, after: descriptors() }
}

export async function closeWithRequestsInFlight() {
  const socket = await openRouteSocket()
  const pending = [socket.links(), socket.link('lo'), socket.routes(), socket.links()]
  const results = Promise.allSettled(pending)
  await socket.close()
  await socket.close()
  return (await results).map(({ reason }) => reason?.code)
}

/** Ends workers in the midst of polling, of a subscription and of requests. */
export async function terminateWorkers(count) {
  const before = descriptors()
  for (let i = 0; i < count; i++) {
    const worker = new Worker(new URL('./polling-worker.mjs', import.meta.url))
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    await worker.terminate()
  }
  return { before, after: descriptors() }
}

export async function throwFromSubscriber() {
  const connection = await openNetlink({ protocol: 0, groups: [RTNLGRP_LINK] })
  const caught = new Promise((resolve) => process.once('uncaughtException', resolve))
  connection.subscribe({
    message() {
      throw new Error('from the subscriber')
    },
    lost() {},
  })
  const socket = await openRouteSocket()
  await socket.setLink('lo', { mtu: 1400 })
  const { message } = await caught
  const { mtu } = await socket.link('lo')
  await connection.close()
  await socket.close()
  return { message, mtu }
}

export async function changeWithoutCapability() {
  const socket = await openRouteSocket()
  process.setuid(65534)
  const links = (await socket.links()).map(({ name }) => name)
  const other = await openRouteSocket()
  const refusal = await other
    .ensureAddress({ interface: 'lo', address: '192.0.2.1/32' })
    .catch((error) => error)
  const { code, errno, hint } = refusal
  return { links, code, errno, hint }
}

export async function buffersWithoutCapability(bytes) {
  process.setuid(65534)
  const connection = await openNetlink({ protocol: 0, receiveBufferBytes: bytes, sendBufferBytes: bytes })
  return { inForce: connection.receiveBufferBytes, grown: connection.growReceiveBuffer(2 * bytes) }
}

function descriptors() {
  return readdirSync('/proc/self/fd').length
}
