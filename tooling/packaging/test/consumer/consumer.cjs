// The same from CommonJS, and both module formats side by side: an error of one is recognised by the other.
const tfoSocket = require('@slatfatf/tfo-socket')
const { isTunError } = require('@slatfatf/tun')
const { isNetlinkError } = require('@slatfatf/netlink')

async function main() {
  const esm = { tun: await import('@slatfatf/tun'), netlink: await import('@slatfatf/netlink') }
  const tunError = await esm.tun
    .openTun({ name: 'nowhere0', netns: '/run/netns/does-not-exist' })
    .catch((error) => error)
  const route = await esm.netlink.openRouteSocket()
  const netlinkError = await route.setLink('nowhere0', { up: true }).catch((error) => error)
  await route.close()
  const { first, last } = tfoSocket.portRangeOf()
  console.log(
    JSON.stringify({
      tun: [isTunError(tunError), tunError.code],
      netlink: [isNetlinkError(netlinkError), netlinkError.code],
      range: first < last,
    }),
  )
}

main()
