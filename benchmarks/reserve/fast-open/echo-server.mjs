// Answers with what it is sent. Takes data with the SYN.
//
//   node echo-server.mjs ADDRESS PORT no-cookie|cookie
//
// Prints "ready" when it listens.
import { createServer } from 'node:net'
import { listen } from '@slatfatf/tfo-socket'

const [host = '', port, cookie] = process.argv.slice(2)
const server = createServer((socket) => {
  socket.on('error', () => {})
  socket.on('data', (data) => socket.write(data))
})
await listen(server, { host, port: Number(port), noCookie: cookie === 'no-cookie' })
console.log('ready')
