// Answers ping for every address behind the device: ping 192.0.2.2
import { DESCRIPTOR, DESCRIPTOR_WORDS, openTun, PacketBatch } from '@slatfatf/tun'

const device = await openTun({ configure: { addresses: ['192.0.2.1/24'], up: true } })
const batch = new PacketBatch()
console.log(`listening on ${device.name}`)

device.queue.onReadable(() => {
  device.queue.readBatch(batch)
  for (let i = 0; i < batch.count; i += 1) {
    const length = i * DESCRIPTOR_WORDS + DESCRIPTOR.length
    const ip = batch.descriptors[i * DESCRIPTOR_WORDS + DESCRIPTOR.offset]
    if (!answer(batch.view, ip)) batch.descriptors[length] = 0
  }
  device.queue.writeBatch(batch)
})

/** Turns an echo request into its reply, where it lies. False for any other packet. */
function answer(view, ip) {
  const isEchoRequest =
    view.getUint8(ip) === 0x45 && view.getUint8(ip + 9) === 1 && view.getUint8(ip + 20) === 8
  if (!isEchoRequest) return false
  const source = view.getUint32(ip + 12)
  view.setUint32(ip + 12, view.getUint32(ip + 16))
  view.setUint32(ip + 16, source)
  view.setUint8(ip + 20, 0)
  // The type went from 8 to 0, so the ones' complement checksum grows by 0x0800 (RFC 1624).
  const sum = view.getUint16(ip + 22) + 0x0800
  view.setUint16(ip + 22, (sum & 0xffff) + (sum >> 16))
  return true
}
