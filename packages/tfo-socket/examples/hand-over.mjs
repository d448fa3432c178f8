// Hands reservations to another process, so that they outlive this one without a gap: a restart, for instance.
//
//   node hand-over.mjs 192.0.2.1 9000 9009
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { adopt, fds, reservePort, reserveTuple } from '@slatfatf/tfo-socket'

// In the child the descriptors come after stdin, stdout, stderr and the channel for messages.
const firstFd = 4

if (process.argv[2] === 'child') {
  process.once('message', (records) => {
    // Each descriptor is compared with its record, and refused if it is something else.
    const adopted = adopt({ fds: records.map((_, i) => firstFd + i), records })
    process.send('adopted')
    process.once('disconnect', () => {
      for (const reservation of adopted) {
        console.log(`the child still holds ${reservation.kind} ${reservation.address}:${reservation.port}`)
        reservation.release()
      }
    })
  })
} else {
  const [address, first, last] = process.argv.slice(2)
  const ports = { first: Number(first), last: Number(last) }
  const reservations = [
    reserveTuple({ address, ports, remoteAddress: '198.51.100.7', remotePort: 443 }),
    reservePort({ protocol: 'udp', address, ports }),
  ]

  const portable = fds(reservations)
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), 'child'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...portable.fds],
  })
  child.send(portable.records)
  await once(child, 'message')

  // Now both processes have the descriptors, and a name is held until the last of them lets go.
  for (const reservation of reservations) reservation.release()
  console.log('the parent has let go')
  child.disconnect()
  await once(child, 'exit')
}
