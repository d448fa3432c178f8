// An echo server, and a client whose first words travel in the SYN.
//   node fast-open-echo.mjs server 0.0.0.0 7007
//   node fast-open-echo.mjs client 192.0.2.2 7007 hello
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect, fastOpenInfo, listen } from '@slatfatf/tfo-socket'

const [role, host, port, words = 'hello'] = process.argv.slice(2)

if (role === 'server') {
  // The server must be able to bear the first bytes of a connection twice (RFC 7413 §2). An echo is.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    console.log(fastOpenInfo(socket).dataAccepted ? 'data came in the SYN' : 'data came after the handshake')
    socket.pipe(socket).on('error', console.error)
  })
  const { fastOpen, hint } = await listen(server, { host, port: Number(port) })
  console.log(
    `listening on ${host}:${server.address().port}${fastOpen ? '' : `, without Fast Open: ${hint}`}`,
  )
} else {
  // The first connection to a server only fetches its cookie; from the second on the data is in the SYN.
  for (const attempt of ['first', 'second']) {
    const socket = await connect({ host, port: Number(port), data: words })
    const { dataAccepted } = fastOpenInfo(socket)
    socket.end()
    console.log(`${attempt}: ${await text(socket)}, ${dataAccepted ? '' : 'not '}in the SYN`)
  }
}
