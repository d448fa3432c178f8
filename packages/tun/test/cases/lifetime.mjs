import { readdirSync, readFileSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openTun, PacketBatch } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

const configure = { up: true, addresses: ['192.0.2.1/24'] }
const MODES = ['off', 'raw', 'split']

/** What a device may be left in the middle of, without a word, and be collected all the same. */
const abandonments = {
  untouched() {},
  async read({ queue }) {
    await ping(queue)
    queue.readBatch(new PacketBatch())
  },
  async 'watched before'({ queue }) {
    const stop = queue.onReadable(() => {})
    await ping(queue)
    await nextTurn()
    stop()
  },
  async 'waited for before'({ queue }) {
    await ping(queue)
    await Promise.all([queue.readable(), queue.writable()])
  },
  async 'a wait aborted'({ queue }) {
    const controller = new AbortController()
    const wait = queue.readable({ signal: controller.signal }).catch(() => {})
    controller.abort()
    await wait
  },
  async 'in the middle of batches()'({ queue }) {
    await ping(queue)
    await queue.batches().next()
  },
  async 'in the middle of packets()'({ queue }) {
    if (queue.offload.mode === 'raw') return
    await ping(queue)
    await queue.packets().next()
  },
  async 'streams that were used'({ queue }) {
    if (queue.offload.mode === 'raw') return
    const { readable, writable } = queue.toWeb()
    await writable.getWriter().write(echoRequest)
    await readable.getReader().read()
  },
  async 'a Duplex that was written to'({ queue }) {
    if (queue.offload.mode === 'raw') return
    const duplex = queue.toDuplex()
    await new Promise((resolve) => duplex.write(echoRequest, resolve))
  },
}

/** Opens devices, leaves each in the middle of something without closing it, and resolves with what is left after collecting. */
export async function abandon(name, rounds) {
  const before = await baseline()
  for (let round = 0; round < rounds; round += 1) {
    for (const offload of MODES) {
      await openAndForget(offload, abandonments[name])
      // One after the other, because they share an address. Finalizers run in later turns; what is held for ever shows by the
      // turns running out.
      for (let turn = 0; turn < 200 && counts().devices > before.devices; turn += 1) {
        await nextTurn()
        globalThis.gc()
      }
      const left = difference(before)
      if (left.devices > 0 || left.descriptors > 0) return { offload, ...left }
    }
  }
  return difference(before)
}

// A function of its own, so that nothing of the device is on the stack of who waits for it to go.
async function openAndForget(offload, use) {
  await use(await openTun({ offload, configure }))
}

/** Opens, uses in every way and closes. Resolves with what is left. */
export async function cycle(cycles) {
  const before = await baseline()
  for (let i = 0; i < cycles; i += 1) await useEveryFace(MODES[i % MODES.length])
  await nextTurn()
  return difference(before)
}

/** Closes a device while every kind of wait for it is pending, and resolves with how each ended and what is left. */
export async function closeWhileWaiting(offload) {
  const before = await baseline()
  const device = await openTun({ offload, configure })
  const { queue } = device
  const waits = [queue.readable(), drain(queue.batches())]
  if (offload !== 'raw') {
    waits.push(drain(queue.packets()), drain(queue.toWeb().readable), drain(queue.toDuplex()))
  }
  queue.onReadable(() => {})
  await nextTurn()
  await device.close()
  const left = difference(before)
  const ended = (await Promise.allSettled(waits)).map(({ status, reason }) => reason?.code ?? status)
  return { ended, left }
}

/** Waits in every way while the only thread of the pool of libuv is asked to read a file. */
export async function readFileBesides() {
  const { readFile } = await import('node:fs/promises')
  const devices = await Promise.all(MODES.map((offload) => openTun({ offload })))
  const waits = devices.flatMap(({ queue }) => [
    queue.readable(),
    drain(queue.batches()),
    ...(queue.offload.mode === 'raw' ? [] : [drain(queue.packets()), drain(queue.toWeb().readable)]),
  ])
  for (const { queue } of devices) queue.onReadable(() => {})
  await nextTurn()
  const text = await readFile(import.meta.filename, 'utf8')
  await Promise.all(devices.map((device) => device.close()))
  await Promise.allSettled(waits)
  return text.length > 0
}

async function useEveryFace(offload) {
  const device = await openTun({ offload, configure })
  const { queue } = device
  const batch = new PacketBatch()
  const stop = queue.onReadable(() => {})
  const stopWriting = queue.onWritable(() => {})
  await ping(queue)
  await Promise.all([queue.readable(), queue.writable()])
  stop()
  stopWriting()
  queue.readBatch(batch)
  await ping(queue)
  for await (const lent of queue.batches()) {
    lent.release()
    break
  }
  if (offload !== 'raw') {
    await ping(queue)
    for await (const _packet of queue.packets()) break
    const { readable, writable } = queue.toWeb()
    await writable.getWriter().write(echoRequest)
    await readable.getReader().read()
    const duplex = queue.toDuplex()
    duplex.write(echoRequest)
    for await (const _packet of duplex) break
  }
  const pending = queue.readable()
  await device.close()
  await pending.catch(() => {})
}

async function ping(queue) {
  const batch = new PacketBatch({ packets: 1, slabBytes: 1 << 17 })
  batch.append(echoRequest)
  queue.writeBatch(batch)
  await queue.readable()
}

async function drain(items) {
  for await (const _item of items);
}

/** What there is when everything that is made once was made. */
async function baseline() {
  await useEveryFace('split')
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.()
    await nextTurn()
  }
  return counts()
}

function difference(before) {
  const after = counts()
  return { devices: after.devices - before.devices, descriptors: after.descriptors - before.descriptors }
}

function counts() {
  return {
    devices: readFileSync('/proc/net/dev', 'utf8').match(/\btun\d+:/g)?.length ?? 0,
    descriptors: readdirSync('/proc/self/fd').length,
  }
}
