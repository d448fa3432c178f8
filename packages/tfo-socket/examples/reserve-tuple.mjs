// node reserve-tuple.mjs 192.0.2.1 40000 40010 198.51.100.7
// An address of this host, ports inside `sysctl net.ipv4.ip_local_port_range`, and a remote that `ip route get` knows.
import { isTfoSocketError, reserveTuple } from '@slatfatf/tfo-socket'

const [address, first, last, remoteAddress] = process.argv.slice(2)
const ports = { first: Number(first), last: Number(last) }

try {
  const tuple = reserveTuple({ address, ports, remoteAddress, remotePort: 443 })
  console.log(`${tuple.address}:${tuple.port} is ours for ${tuple.remoteAddress}:${tuple.remotePort}`)
  tuple.release()
} catch (error) {
  if (!isTfoSocketError(error)) throw error
  console.log(error.full ? 'no port is left for this remote' : (error.hint ?? error.message))
}
