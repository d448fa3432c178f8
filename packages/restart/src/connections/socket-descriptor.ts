interface WithHandle {
  readonly _handle?: { readonly fd?: unknown; readonly reading?: unknown } | null
}

/**
 * The descriptor of a socket that Node has stopped to read, or `undefined`.
 *
 * Node has no public way to it. Where the private one is gone, or says that reading goes on, the answer is
 * `undefined` and the connection is drained the ordinary way.
 */
export function stoppedDescriptor(socket: object): number | undefined {
  const handle = (socket as WithHandle)._handle
  if (handle === undefined || handle === null) return undefined
  const { fd, reading } = handle
  // Bytes that are read from here on would stay in this process.
  if (reading !== false) return undefined
  return typeof fd === 'number' && fd >= 0 ? fd : undefined
}
