// The same from CommonJS, and both module formats side by side: an error of one is recognised by the other.
const { join } = require('node:path')
const { isRestartError, openCompanion } = require('@slatfatf/restart')
const { openFakeManager } = require('@slatfatf/restart/fake-manager')
const { openServiceManager } = require('@slatfatf/restart/systemd')
const tfoSocket = require('@slatfatf/tfo-socket')
const { HttpsAgent } = require('@slatfatf/tfo-socket/http')
const { isTunError, PacketBatch } = require('@slatfatf/tun')
const { createMemoryTun } = require('@slatfatf/tun/memory')
const { readPcap } = require('@slatfatf/tun/pcap')
const { internetChecksum } = require('@slatfatf/tun/checksum')
const { segmentCount } = require('@slatfatf/tun/offload')
const { isNetlinkError } = require('@slatfatf/netlink')
const { isWaitGroupError } = require('@slatfatf/waitgroup')

async function main() {
  const esm = {
    tun: await import('@slatfatf/tun'),
    netlink: await import('@slatfatf/netlink'),
    restart: await import('@slatfatf/restart'),
    waitgroup: await import('@slatfatf/waitgroup'),
  }
  const tunError = await esm.tun
    .openTun({ name: 'nowhere0', netns: '/run/netns/does-not-exist' })
    .catch((error) => error)
  const route = await esm.netlink.openRouteSocket()
  const netlinkError = await route.setLink('nowhere0', { up: true }).catch((error) => error)
  await route.close()
  const group = new esm.waitgroup.WaitGroup()
  group.add()
  const waitGroupError = await group.wait({ timeoutMs: 0 }).catch((error) => error)
  const restartError = await esm.restart
    .ping({ path: join(__dirname, 'nobody.sock') })
    .catch((error) => error)
  // A process of its own, whose program is in the tarball.
  const companion = await openCompanion({ path: join(__dirname, 'companion.sock') })
  await companion.keep('input', [0])
  const kept = (await companion.list()).get('input')
  await companion.close()
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
      restart: [isRestartError(restartError), restartError.code, kept],
      waitgroup: [isWaitGroupError(waitGroupError), waitGroupError.code],
      range: first < last,
      crossed,
      entries: [readPcap, internetChecksum, HttpsAgent, openFakeManager, openServiceManager].map(
        (entry) => typeof entry,
      ),
    }),
  )
}

main()
