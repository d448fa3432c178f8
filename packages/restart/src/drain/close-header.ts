import type { HttpConnection } from './http-connections.js'

/**
 * Has the last open answer of a connection end it (RFC 9112 section 9.6), if its headers are not sent yet.
 *
 * Only the last: after an answer with `Connection: close` Node ends the connection, and the requests that were
 * pipelined behind it would be lost though they were accepted.
 */
export function tellToClose(connection: HttpConnection): void {
  const last = [...connection.answers].at(-1)
  if (last === undefined || last === connection.told) return
  const before = connection.told
  if (before !== undefined && !before.headersSent) before.removeHeader('Connection')
  connection.told = undefined
  if (last.headersSent) return
  last.setHeader('Connection', 'close')
  connection.told = last
}
