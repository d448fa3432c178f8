import type { Readable, Writable } from 'node:stream'
import { StderrTail } from './stderr-tail.js'

/** What may wait for a standard error that takes nothing; more than that is dropped, and counted. */
const MAX_PENDING_BYTES = 256 * 1024

export interface StderrRelay {
  tail: StderrTail
  /** Settles when the last writer has closed it. */
  ended: Promise<void>
}

/**
 * Passes on what a new version writes, and keeps the end of it. Reads on whatever happens to `target`, since the new
 * version would stand still otherwise, and never waits for it, since this process would.
 */
export function relayStderr(source: Readable, target: Writable): StderrRelay {
  const tail = new StderrTail()
  let droppedBytes = 0
  source.on('data', (chunk: Buffer) => {
    tail.add(chunk)
    if (target.writableLength + chunk.byteLength > MAX_PENDING_BYTES) {
      droppedBytes += chunk.byteLength
      return
    }
    if (droppedBytes > 0)
      target.write(`[${droppedBytes} bytes of the new version's standard error left out]\n`)
    droppedBytes = 0
    target.write(chunk)
  })
  // Nobody may read the standard error of this process any more, which is no reason to end it.
  const ignore = () => {}
  target.on('error', ignore)
  const ended = new Promise<void>((resolve) => {
    source.once('close', resolve)
    source.once('error', () => resolve())
  })
  void ended.then(() => target.off('error', ignore))
  return { tail, ended }
}
