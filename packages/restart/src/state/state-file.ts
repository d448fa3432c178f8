import { fstatSync, readSync, writeSync } from 'node:fs'
import { binding } from '../binding.js'
import { checkInteger } from '../errors/invalid-argument.js'
import { orClose } from './create-mapped-file.js'
import {
  checkDecodeOptions,
  type DecodeStateOptions,
  decodeState,
  encodeState,
  type VersionedState,
} from './encode-state.js'
import { seals } from './mapped-file-binding.js'
import { refusedState, stateCodes } from './state-error.js'
import { headerBytes } from './state-header.js'
import { systemCall } from './system-call.js'

/**
 * The state as a memory file that nobody can change any more: a descriptor to keep for the next process.
 *
 * The caller closes it. Costs the memory of the encoded state for as long as any descriptor of it is open anywhere.
 *
 * Requires Linux 3.17.
 *
 * Throws a {@link RestartError} with the errno's name (`ENOSPC`, `ENOMEM`, `EMFILE`).
 */
export function createStateFile(state: VersionedState): number {
  const encoded = encodeState(state)
  const operation = 'write the state to a memory file'
  const fd = systemCall(operation, () => binding().memoryFile('restart.state', encoded.length))
  return orClose(fd, () =>
    systemCall(operation, () => {
      for (let at = 0; at < encoded.length; ) at += writeSync(fd, encoded, at, encoded.length - at, at)
      binding().sealFile(fd, seals.F_SEAL_WRITE | seals.F_SEAL_SHRINK | seals.F_SEAL_GROW | seals.F_SEAL_SEAL)
      return fd
    }),
  )
}

/**
 * The state in the file at `fd`, which stays the caller's and need not be at its beginning.
 *
 * No more than `maxBytes` and the header are ever read. Throws as {@link decodeState} does, or with the errno's name.
 */
export function readStateFile(fd: number, options: DecodeStateOptions = {}): VersionedState {
  checkInteger('fd', fd, 0x7fff_ffff)
  const most = checkDecodeOptions(options) + headerBytes
  return systemCall(`read the state at descriptor ${fd}`, () => {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw refusedState(stateCodes.foreign, `descriptor ${fd} is not a regular file`)
    // One byte more than is allowed shows that there is more.
    const encoded = new Uint8Array(Math.min(stats.size, most + 1))
    let length = 0
    while (length < encoded.length) {
      const read = readSync(fd, encoded, length, encoded.length - length, length)
      if (read === 0) break
      length += read
    }
    return decodeState(encoded.subarray(0, length), options)
  })
}
