import type { PacketQueue } from '../queue/packet-queue.js'

/**
 * Calls back once the queue is closed, unless the returned function is called before: then nothing of the callback stays,
 * however long the queue lives.
 */
export function whenClosed(queue: PacketQueue, callback: () => void): () => void {
  let wanted: (() => void) | undefined = callback
  queue.closed.then(() => wanted?.())
  return () => {
    wanted = undefined
  }
}
