import { once } from 'node:events'
import type { Server } from 'node:net'
import type { BoundAddress, ListenSocket } from '../descriptor/listen-socket.js'
import { RestartError } from '../errors/restart-error.js'

/**
 * Lets a server that had stopped accepting listen again: on the socket of the address that it had, else on that of its name,
 * else on the only one there is. `before`: where it listened, if that is known.
 *
 * Rejects with `ERR_RESTART_NO_SUCH_SOCKET`.
 */
export async function relistenOn(
  sockets: readonly ListenSocket[],
  name: string,
  server: Server,
  before: BoundAddress | undefined,
): Promise<void> {
  const streams = sockets.filter(({ kind, isOpen }) => kind !== 'udp' && isOpen)
  const socket =
    streams.find(({ address }) => before !== undefined && isSame(address, before)) ??
    streams.find((each) => each.name === name) ??
    (streams.length === 1 ? streams[0] : undefined)
  if (socket === undefined) {
    throw new RestartError(`no socket is known on which the server "${name}" of the drain listened`, {
      code: 'ERR_RESTART_NO_SUCH_SOCKET',
      hint: 'Listen with instance.listen(), and register servers under the name of their socket: drain.http(name, server)',
    })
  }
  const listening = once(server, 'listening')
  server.listen(socket.listenOptions())
  await listening
}

function isSame(one: BoundAddress, other: BoundAddress): boolean {
  if ('path' in one || 'path' in other) return 'path' in one && 'path' in other && one.path === other.path
  return one.host === other.host && one.port === other.port
}
