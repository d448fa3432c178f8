import { constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'
import { binding } from '../binding.js'
import { checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import { type AcceptedVersions, checkAcceptedVersions, requireVersion } from './accepted-versions.js'
import { checkPath, orClose } from './create-mapped-file.js'
import { MappedFile, mappedOffsetBytes, mostMappedBytes } from './mapped-file.js'
import { refusedState, stateCodes } from './state-error.js'
import { headerBytes, readHeader } from './state-header.js'
import { systemCall } from './system-call.js'

/** Options of {@link openMappedFile}. */
export interface OpenMappedFileOptions {
  /** What this program can read. */
  readonly version: AcceptedVersions
}

/**
 * Maps a file that {@link createMappedFile} made, in this process or in one that is long gone.
 *
 * `source` is a path, or a descriptor, which stays the caller's: the result has a duplicate. Every thread opens for
 * itself. What is in the file is not checked, only that it is such a file, whole, of a version that this program reads,
 * and when opened by path that no other user can change it. A file whose pages went missing (a sparse copy) gets them
 * back before it is mapped.
 *
 * Throws a {@link RestartError}: `ERR_RESTART_STATE_FOREIGN` (no file of this kind, or another user may write to it),
 * `ERR_RESTART_STATE_TRUNCATED`, `ERR_RESTART_STATE_DAMAGED`, `ERR_RESTART_STATE_VERSION`, or the errno's name
 * (`ENOENT`, `EACCES`, `EBADF`, `ENOSPC`, ...).
 */
export function openMappedFile(source: string | number, options: OpenMappedFileOptions): MappedFile {
  checkKnown('options', options, ['version'])
  checkAcceptedVersions('options.version', options.version)
  if (typeof source === 'number') {
    checkInteger('source', source, 0x7fff_ffff)
    const what = `the mapped file at descriptor ${source}`
    const fd = systemCall(`open ${what}`, () => binding().duplicateFd(source))
    return orClose(fd, () => mapChecked(fd, what, options.version, undefined))
  }
  if (typeof source !== 'string') throw invalidType('source', 'a path or a descriptor', source)
  checkPath('source', source)
  const what = `the mapped file ${source}`
  // A FIFO or a terminal must neither block nor become ours.
  const flags = constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOCTTY
  const fd = systemCall(`open ${what}`, () => openSync(source, flags))
  return orClose(fd, () => {
    requireOwn(what, fstatSync(fd))
    return mapChecked(fd, what, options.version, source)
  })
}

function mapChecked(
  fd: number,
  what: string,
  accepted: AcceptedVersions,
  path: string | undefined,
): MappedFile {
  const stats = systemCall(`open ${what}`, () => fstatSync(fd))
  if (!stats.isFile()) throw refusedState(stateCodes.foreign, `${what} is not a regular file`)
  const header = new Uint8Array(headerBytes)
  const read = systemCall(`open ${what}`, () => readSync(fd, header, 0, headerBytes, 0))
  const { version, length } = readHeader(what, header.subarray(0, read), 'rstmappd')
  requireVersion(what, version, accepted)
  const sizeBytes = mappedOffsetBytes + length
  if (stats.size !== sizeBytes) {
    const code = stats.size < sizeBytes ? stateCodes.truncated : stateCodes.damaged
    throw refusedState(code, `${what} should be ${sizeBytes} bytes long and is ${stats.size}`)
  }
  if (length === 0 || length > mostMappedBytes) {
    throw refusedState(
      stateCodes.tooLarge,
      `${what} has ${length} bytes, one ArrayBuffer holds 1 to ${mostMappedBytes}`,
    )
  }
  return systemCall(`open ${what}`, () => {
    // A hole would be a SIGBUS on a full file system.
    if (stats.blocks * 512 < sizeBytes) binding().allocateFile(fd, sizeBytes)
    return new MappedFile(fd, version, length, path)
  })
}

function requireOwn(what: string, stats: Stats): void {
  const own = process.geteuid?.()
  if (stats.uid !== own && stats.uid !== 0) {
    throw refusedState(
      stateCodes.foreign,
      `${what} belongs to user ${stats.uid}, this process is user ${own}`,
    )
  }
  if ((stats.mode & 0o022) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0')
    throw refusedState(stateCodes.foreign, `others may write to ${what} (mode ${mode})`)
  }
}
