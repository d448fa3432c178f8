// Routes between two network namespaces in user space, super-packets whole. Try it, as root:
//   ip netns add left; ip netns add right; node router.mjs left right
// and in another shell:
//   ip netns exec left ping 192.0.2.2; ip netns exec left tracepath -n 192.0.2.2
import {
  DESCRIPTOR,
  DESCRIPTOR_WORDS,
  forwardBatches,
  openTun,
  PacketBatch,
  readCounters,
} from '@slatfatf/tun'
import { updateChecksum16, writeIpv4HeaderChecksum, writeTransportChecksum } from '@slatfatf/tun/checksum'

/** 192.0.2.254, from which the router answers. */
const ROUTER = 0xc00002fe
const count = { expired: 0, answered: 0 }

const [leftNamespace, rightNamespace] = process.argv.slice(2)
if (rightNamespace === undefined) {
  console.error('usage: node router.mjs LEFT RIGHT   (names of network namespaces, see ip-netns(8))')
  process.exit(1)
}
const left = await open(leftNamespace, ['192.0.2.1/24', '2001:db8::1/64'])
const right = await open(rightNamespace, ['192.0.2.2/24', '2001:db8::2/64'])
const interrupted = new AbortController()
process.once('SIGINT', () => interrupted.abort())
console.log(`routing between ${leftNamespace} and ${rightNamespace}`)

const [lostRightwards, lostLeftwards] = await Promise.all([
  carry(left.queue, right.queue),
  carry(right.queue, left.queue),
])
report(leftNamespace, left)
report(rightNamespace, right)
console.log(
  `expired ${count.expired}, told so ${count.answered}, lost at the end ${lostRightwards + lostLeftwards}`,
)
await Promise.all([left.close(), right.close()])

function open(namespace, addresses) {
  return openTun({ netns: `/run/netns/${namespace}`, offload: 'raw', configure: { addresses, up: true } })
}

function report(namespace, { queue }) {
  const { packetsIn, superPacketsIn, packetsOut, superPacketsOut } = readCounters(queue.counters)
  console.log(
    `${namespace}: ${packetsIn} in (${superPacketsIn} super), ${packetsOut} out (${superPacketsOut} super)`,
  )
}

/** Carries packets one way. While the other device is full nothing is read, so that the kernel lets the senders wait. */
function carry(from, to) {
  const errors = new PacketBatch({ packets: 16, slabBytes: 1 << 17 })
  const edit = (batch) => {
    errors.clear()
    for (let i = 0; i < batch.count; i += 1) route(batch, i * DESCRIPTOR_WORDS, errors)
    from.writeBatch(errors)
  }
  return forwardBatches(from, to, edit, { signal: interrupted.signal })
}

/** Takes one from the time to live, where the packet lies. A packet whose time is over is not written, and its sender told. */
function route(batch, words, errors) {
  const { view, descriptors } = batch
  const ip = descriptors[words + DESCRIPTOR.offset]
  const isIpv4 = view.getUint8(ip) >>> 4 === 4
  const timeToLive = ip + (isIpv4 ? 8 : 7)
  const left = view.getUint8(timeToLive) - 1
  if (left <= 0) {
    count.expired += 1
    if (isIpv4) answerTimeExceeded(batch, words, errors)
    descriptors[words + DESCRIPTOR.length] = 0
    return
  }
  view.setUint8(timeToLive, left)
  if (!isIpv4) return
  // The IPv4 header has a checksum; it covers the time to live as the high half of a word.
  const word = view.getUint16(timeToLive)
  view.setUint16(ip + 10, updateChecksum16(view.getUint16(ip + 10), word + 0x0100, word))
}

/** RFC 792: type 11, quoting the IP header and eight bytes. More than the batch of errors holds at once go unanswered. */
function answerTimeExceeded({ slab, view, descriptors }, words, errors) {
  const ip = descriptors[words + DESCRIPTOR.offset]
  const isIcmpError = view.getUint8(ip + 9) === 1 && ![0, 8].includes(view.getUint8(ip + 20))
  const isLaterFragment = (view.getUint16(ip + 6) & 0x1fff) !== 0
  if (isIcmpError || isLaterFragment) return
  const quoted = Math.min((view.getUint8(ip) & 0x0f) * 4 + 8, descriptors[words + DESCRIPTOR.length])
  const length = 28 + quoted
  const index = errors.allocate(length)
  if (index < 0) return
  const answer = errors.descriptors[index * DESCRIPTOR_WORDS + DESCRIPTOR.offset]
  errors.slab.fill(0, answer, answer + 28)
  errors.slab.set(slab.subarray(ip, ip + quoted), answer + 28)
  errors.view.setUint16(answer, 0x4500)
  errors.view.setUint16(answer + 2, length)
  errors.view.setUint16(answer + 8, 0x4001)
  errors.view.setUint32(answer + 12, ROUTER)
  errors.view.setUint32(answer + 16, view.getUint32(ip + 12))
  errors.view.setUint8(answer + 20, 11)
  writeIpv4HeaderChecksum(errors.view, answer, length)
  writeTransportChecksum(errors.view, answer, length)
  count.answered += 1
}
