// Reserves, watches and has nothing more to do: must end by itself.
import { reserveTuple } from '@slatfatf/tfo-socket'

const options = { address: '192.0.2.1', ports: 9005, remoteAddress: '198.51.100.7', remotePort: 443 }
globalThis.kept = reserveTuple(options)
globalThis.kept.watch(() => {})
process.on('exit', () => console.log('fell off the end'))
