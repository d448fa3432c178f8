import { Server as HttpServer } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { Server as NetServer } from 'node:net'
import { invalidType } from '../errors/invalid-argument.js'

function isHttp1(server: unknown): boolean {
  return server instanceof HttpServer || server instanceof HttpsServer
}

export function checkHttpServer(server: unknown): void {
  if (!isHttp1(server)) {
    throw invalidType('server', 'an http.Server or https.Server (http2() takes HTTP/2 servers)', server)
  }
}

// The classes of `http2` are not exported.
export function checkHttp2Server(server: unknown): void {
  if (!(server instanceof NetServer) || isHttp1(server)) {
    throw invalidType('server', 'an HTTP/2 server (http() takes the others)', server)
  }
}

export function checkNetServer(server: unknown): void {
  if (!(server instanceof NetServer)) throw invalidType('server', 'a net.Server', server)
}

export function checkWebSocketServer(server: unknown): void {
  const clients = (server as { clients?: unknown } | undefined)?.clients
  if (!(clients instanceof Set)) {
    throw invalidType('server', 'a WebSocket server that tracks its clients in a Set', server)
  }
}
