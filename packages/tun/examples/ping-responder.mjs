// Answers ping for every address behind the device. Try it, as root: ping 192.0.2.2
import { DESCRIPTOR, DESCRIPTOR_WORDS, forwardBatches, openTun } from '@slatfatf/tun'
import { updateChecksum16 } from '@slatfatf/tun/checksum'

const { name, queue } = await openTun({ configure: { addresses: ['192.0.2.1/24'], up: true } })
console.log(`answering on ${name}`)
await forwardBatches(queue, queue, (batch) => {
  for (let i = 0; i < batch.count; i += 1) answer(batch, i * DESCRIPTOR_WORDS)
})

/** Turns an echo request into its reply where it lies, and drops every other packet. */
function answer({ view, descriptors }, words) {
  const ip = descriptors[words + DESCRIPTOR.offset]
  const isEchoRequest =
    view.getUint16(ip) === 0x4500 && view.getUint8(ip + 9) === 1 && view.getUint8(ip + 20) === 8
  if (!isEchoRequest) {
    descriptors[words + DESCRIPTOR.length] = 0
    return
  }
  const source = view.getUint32(ip + 12)
  view.setUint32(ip + 12, view.getUint32(ip + 16))
  view.setUint32(ip + 16, source)
  view.setUint8(ip + 20, 0)
  view.setUint16(ip + 22, updateChecksum16(view.getUint16(ip + 22), 0x0800, 0))
}
