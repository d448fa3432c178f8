// The server of the other variants, with @slatfatf/restart. HAND_OVER=1 gives idle connections to the next version.
import { createServer } from 'node:http'
import { openInstance } from '@slatfatf/restart'
import { handle, serverOptions } from './handler.mjs'

const instance = await openInstance({ coordination: { path: String(process.env.SOCKET) } })
const server = createServer(serverOptions, handle)
const socket = await instance.listen('http', { host: '127.0.0.1', port: Number(process.env.PORT) })
instance.drain.http('http', server, { handOver: process.env.HAND_OVER === '1' })
server.listen(socket.listenOptions())
await instance.ready()
console.log(`listening ${process.pid}`)
