import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { DESCRIPTOR_WORDS, openTun, PacketBatch, tunFromFd } from '@slatfatf/tun'
import { echoRequest } from './echo-request.mjs'

const IFF_TUN_NO_PI = 0x1001
const IFF_VNET_HDR = 0x4000
const COUNTERS = 64
const REQUEST_WORDS = [64, 84, 0, 0, 0, 0, 0, 0, 0, 0]

/** Numbers that look like offsets, lengths and indexes, and those that do not; the same in every run. */
function createDice(seed, limit) {
  let state = seed
  const below = (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return (state >>> 8) % bound
  }
  const edges = [
    0,
    1,
    -1,
    9,
    10,
    11,
    19,
    20,
    128,
    129,
    limit - 1,
    limit,
    limit + 1,
    65535,
    65536,
    2 ** 31 - 1,
    -(2 ** 31),
  ]
  const kinds = [() => below(limit), () => edges[below(edges.length)], () => below(2 ** 24) << 8]
  return { below, word: () => kinds[below(kinds.length)]() }
}

/**
 * The addon alone, the way only a bug of the package could call it, on a device that is up: what the kernel takes, it has read, and
 * that is when the sanitizer looks at the memory.
 */
async function nativeQueue(flags) {
  const { NativeQueue } = createRequire(import.meta.url)(addonPath())
  const counters = new Float64Array(new SharedArrayBuffer(COUNTERS * 8))
  const native = new NativeQueue(counters, '', IFF_TUN_NO_PI | flags, '')
  const device = await tunFromFd(native.fd, { ownership: 'borrow', offload: flags === 0 ? 'off' : 'raw' })
  await device.configure({ up: true, addresses: ['192.0.2.1/24'] })
  await device.close()
  return native
}

/** A slab that is full of echo requests, so that the kernel takes a packet from anywhere in it. */
function packets(bytes) {
  return new Uint8Array(bytes).map((_, index) => echoRequest[index % 64])
}

/** The addon the package has loaded, and whether the sanitizer is in this process. */
export async function loaded() {
  await (await openTun()).close()
  const mapped = readFileSync('/proc/self/maps', 'utf8')
  return { addon: addonPath(), isSanitized: /libasan/.test(mapped) && /libubsan/.test(mapped) }
}

function addonPath() {
  return /\/\S+\/tun\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8'))[0]
}

/** Batches whose descriptors point anywhere, on queues of every mode. */
export async function descriptors(rounds) {
  const slabBytes = 64 + 65535 + 1
  for (const offload of ['off', 'raw', 'split']) {
    const device = await openTun({ offload, configure: { up: true, addresses: ['192.0.2.1/24'] } })
    const dice = createDice(1, slabBytes)
    const pattern = packets(slabBytes)
    const batch = new PacketBatch({ packets: 16, slabBytes })
    for (let round = 0; round < rounds; round += 1) {
      batch.slab.set(pattern)
      batch.clear()
      batch.count = 1 + dice.below(16)
      for (let word = 0; word < batch.count * DESCRIPTOR_WORDS; word += 1) {
        // Most virtio words are those of an ordinary packet, or hardly anything would reach the kernel.
        const isPlace = word % DESCRIPTOR_WORDS < 2
        batch.descriptors[word] = isPlace || dice.below(8) === 0 ? dice.word() : 0
        if (word % DESCRIPTOR_WORDS === 0 && dice.below(2))
          batch.descriptors[word] = (slabBytes - dice.below(200)) & -64
      }
      for (let next = 0, tries = 0; next < batch.count && tries < 20; tries += 1)
        next = device.queue.writeBatch(batch, next)
      device.queue.readBatch(batch)
    }
    await device.close()
  }
}

/** The calls of the addon with slabs, rooms and counts that do not belong together. */
export async function calls(rounds) {
  for (const flags of [0, IFF_VNET_HDR]) {
    const native = await nativeQueue(flags)
    const request = new Uint8Array(256)
    request.set(echoRequest, 64)
    for (const bytes of [0, 1, 9, 10, 64, 65535, 65536 + 64]) {
      const dice = createDice(2, bytes + 2)
      const slab = packets(bytes)
      for (let round = 0; round < rounds; round += 1) {
        const words = new Int32Array(dice.below(45))
        // A reply is there to be read into whatever comes.
        native.writeBatch(request, Int32Array.from(REQUEST_WORDS), 0, 1)
        native.readBatch(slab, words, dice.word(), dice.word())
        native.readBatch(slab, words, 64, 0)
        native.writeBatch(slab, words.map(dice.word), dice.word(), dice.word() & 0xff)
      }
    }
    // More packets than the slab has room for.
    const many = Int32Array.from(Array.from({ length: 400 }, () => REQUEST_WORDS).flat())
    native.writeBatch(request, many, 0, 400)
    native.readBatch(packets(64 + 65535), new Int32Array(400 * DESCRIPTOR_WORDS), 64, 0)
    native.close()
  }
}

/** Plans with headers and pieces out of range, chains that bite their tail, and more pieces than a packet has. */
export async function plans(rounds) {
  const native = await nativeQueue(IFF_VNET_HDR)
  const slabBytes = 300
  const dice = createDice(3, slabBytes)
  const slab = packets(slabBytes)
  // A virtio header and a whole packet: what comes behind it, the kernel cuts off.
  const headers = new Uint8Array(10 + 84)
  headers.set(echoRequest, 10)
  const header = () => (dice.below(4) ? [0, 10 + 84] : [dice.word(), dice.word()])
  const drain = new Uint8Array(1 << 17)
  for (let round = 0; round < rounds; round += 1) {
    const length = 1 + dice.below(40)
    const outputs = Array.from({ length: dice.below(4) }, () => [
      ...header(),
      dice.below(8) ? dice.below(length) : dice.word(),
      0,
    ])
    const next = () => (dice.below(3) ? -1 : dice.below(8) ? dice.below(length) : dice.word())
    const place = () => (dice.below(3) ? dice.below(slabBytes / 2) : dice.word())
    const pieces = Array.from({ length }, () => [place(), place(), next()])
    const count = dice.below(8) ? outputs.length : dice.below(9)
    native.writeGathered(
      slab,
      headers,
      Int32Array.from(outputs.flat()),
      Int32Array.from(pieces.flat()),
      0,
      count,
    )
    native.readBatch(drain, new Int32Array(DESCRIPTOR_WORDS * 8), 64, 0)
  }
  const statusOf = (pieces, first = 0, header = [0, 10]) => {
    const outputs = Int32Array.of(...header, first, 0)
    native.writeGathered(slab, headers, outputs, Int32Array.from(pieces), 0, 1)
    return outputs[3]
  }
  const chain = (length) =>
    Array.from({ length }, (_, index) => [0, 1, index + 1 < length ? index + 1 : -1]).flat()
  const EFAULT = 14
  const EMSGSIZE = 90
  const found = {
    loop: statusOf([0, 1, 0]),
    'loop of two': statusOf([0, 1, 1, 0, 1, 0]),
    'empty loop': statusOf([0, 0, 0]),
    'one too many': statusOf(chain(129), 0, [0, 30]),
    'far too many': statusOf(chain(200), 0, [0, 30]),
    'piece behind the slab': statusOf([299, 2, -1]),
    'piece before it': statusOf([-1, 2, -1]),
    'negative piece': statusOf([0, -5, -1]),
    'next piece that is none': statusOf([0, 1, 1]),
    'first piece that is none': statusOf([0, 1, -1], 7),
    'header behind the headers': statusOf([0, 1, -1], 0, [90, 10]),
    'header shorter than virtio': statusOf([0, 1, -1], 0, [0, 9]),
  }
  native.close()
  const expected = {
    loop: EMSGSIZE,
    'loop of two': EMSGSIZE,
    'empty loop': EMSGSIZE,
    'one too many': EMSGSIZE,
    'far too many': EMSGSIZE,
  }
  return Object.entries(found).filter(([name, status]) => status !== (expected[name] ?? EFAULT))
}

/** Descriptors of other kinds of files, given to the package and to the addon. */
export async function foreignDescriptors() {
  const before = readdirSync('/proc/self/fd').length
  const server = createServer().listen(0, '127.0.0.1')
  await nextTurn()
  const files = ['/dev/null', '/dev/net/tun', '/proc/self/maps', '/'].map((path) => openSync(path, 'r'))
  const codes = new Set()
  for (const fd of [...files, server._handle.fd, 9999, 2 ** 31 - 1]) {
    for (const ownership of ['own', 'borrow']) {
      await tunFromFd(fd, { ownership }).catch(({ code }) => codes.add(code))
    }
  }
  const { NativeQueue } = createRequire(import.meta.url)(addonPath())
  for (const args of [
    [],
    [1],
    [new Float64Array(3), 0, true],
    [new Float64Array(COUNTERS), -1, true],
    [new Float64Array(COUNTERS), 'x'.repeat(99), 1, ''],
  ]) {
    try {
      new NativeQueue(...args)
      codes.add('made')
    } catch ({ name }) {
      codes.add(name)
    }
  }
  files.forEach(closeSync)
  await new Promise((resolve) => server.close(resolve))
  await nextTurn()
  return { codes: [...codes].sort(), descriptors: readdirSync('/proc/self/fd').length - before }
}

/** Queues that are closed, dropped and collected inside their own callbacks. */
export async function reentrancy(rounds) {
  for (let round = 0; round < rounds; round += 1) {
    const device = await openTun({
      offload: ['off', 'raw', 'split'][round % 3],
      configure: { up: true, addresses: ['192.0.2.1/24'] },
    })
    const { queue } = device
    const batch = new PacketBatch({ packets: 2 })
    batch.append(echoRequest)
    queue.writeBatch(batch)
    await new Promise((resolve) => {
      const stop = queue.onReadable(() => {
        if (round % 2) stop()
        void device.close()
        globalThis.gc()
        resolve()
      })
    })
    await nextTurn()
  }
  for (let round = 0; round < rounds; round += 1) {
    let native = await nativeQueue(0)
    native.startPolling([0, 1, 2, 3, 0xffff][round % 5], () => {})
    if (round % 2) native.stopPolling()
    if (round % 3 === 0) native.close()
    if (round % 3 === 1) closeSync(native.release())
    native.setRef(false)
    native = undefined
    globalThis.gc()
    await nextTurn()
  }
}
