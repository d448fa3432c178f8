import { isTfoSocketError, reserveTuple } from '@slatfatf/tfo-socket'

const [address, first, last] = process.argv.slice(2)
const ports = { first: Number(first), last: Number(last) }

try {
  const tuple = reserveTuple({ address, ports, remoteAddress: '198.51.100.7', remotePort: 443 })
  console.log(`${tuple.address}:${tuple.port} is ours for ${tuple.remoteAddress}:${tuple.remotePort}`)
  tuple.release()
} catch (error) {
  if (!isTfoSocketError(error)) throw error
  console.log(error.full ? 'no port is left for this remote' : `${error.code}: ${error.hint}`)
}
