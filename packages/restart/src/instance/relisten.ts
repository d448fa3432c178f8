import { once } from 'node:events'
import type { Server } from 'node:net'
import type { ListenSocket } from '../descriptor/listen-socket.js'
import { RestartError } from '../errors/restart-error.js'

/**
 * Lets a server that had stopped accepting listen again on the socket of its name; with a single socket, on that one.
 *
 * Rejects with `ERR_RESTART_NO_SUCH_SOCKET`.
 */
export async function relistenOn(
  sockets: readonly ListenSocket[],
  name: string,
  server: Server,
): Promise<void> {
  const streams = sockets.filter(({ kind, isOpen }) => kind !== 'udp' && isOpen)
  const socket = streams.find((each) => each.name === name) ?? (streams.length === 1 ? streams[0] : undefined)
  if (socket === undefined) {
    throw new RestartError(`no socket is named "${name}" as the server is in the drain`, {
      code: 'ERR_RESTART_NO_SUCH_SOCKET',
      hint: 'Register servers under the name of the socket that they listen on: drain.http(name, server)',
    })
  }
  const listening = once(server, 'listening')
  server.listen(socket.listenOptions())
  await listening
}
