// The same from CommonJS, and both module formats side by side: an error of one is recognised by the other.
const tfoSocket = require('@slatfatf/tfo-socket')
const { HttpsAgent } = require('@slatfatf/tfo-socket/http')
const { isTunError, PacketBatch } = require('@slatfatf/tun')
const { createMemoryTun } = require('@slatfatf/tun/memory')
const { readPcap } = require('@slatfatf/tun/pcap')
const { internetChecksum } = require('@slatfatf/tun/checksum')
const { segmentCount } = require('@slatfatf/tun/offload')
const { isNetlinkError } = require('@slatfatf/netlink')

async function main() {
  const esm = { tun: await import('@slatfatf/tun'), netlink: await import('@slatfatf/netlink') }
  const tunError = await esm.tun
    .openTun({ name: 'nowhere0', netns: '/run/netns/does-not-exist' })
    .catch((error) => error)
  const route = await esm.netlink.openRouteSocket()
  const netlinkError = await route.setLink('nowhere0', { up: true }).catch((error) => error)
  await route.close()
  // A batch of one entry point serves the queues of another.
  const [one, other] = createMemoryTun()
  const packet = Uint8Array.from({ length: 20 }, (_, index) => [0x45, 0, 0, 20][index] ?? 0)
  one.queue.tryWrite(packet)
  const batch = new PacketBatch()
  const crossed = other.queue.readBatch(batch) + segmentCount(batch, 0)
  const { first, last } = tfoSocket.portRangeOf()
  console.log(
    JSON.stringify({
      tun: [isTunError(tunError), tunError.code],
      netlink: [isNetlinkError(netlinkError), netlinkError.code],
      range: first < last,
      crossed,
      entries: [readPcap, internetChecksum, HttpsAgent].map((entry) => typeof entry),
    }),
  )
}

main()
