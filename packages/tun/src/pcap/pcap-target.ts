import { open } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'

/** Where the bytes of a capture go. One write at a time; the memory is free again when it has resolved. */
export interface PcapTarget {
  write(bytes: Uint8Array): Promise<void>
  close(): Promise<void>
}

/** A file, emptied if it is there. Rejects with what the file system says. */
export async function openFileTarget(path: string | URL): Promise<PcapTarget> {
  const file = await open(path, 'w')
  return {
    async write(bytes) {
      for (let written = 0; written < bytes.length; ) {
        written += (await file.write(bytes, written, bytes.length - written)).bytesWritten
      }
    },
    close: () => file.close(),
  }
}

/** A stream of the caller's, which is ended when the capture is. */
export function streamTarget(stream: Writable): PcapTarget {
  // Whatever goes wrong is told by the write that it went wrong for, or the next one.
  stream.on('error', ignore)
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        // A copy, because a stream may call back and still hold the piece: every Transform does.
        stream.write(bytes.slice(), (error) => (error ? reject(error) : resolve()))
      }),
    async close() {
      const ended = finished(stream, { readable: false })
      stream.end()
      await ended
    },
  }
}

function ignore(): void {}
