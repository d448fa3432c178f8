import { randomBytes } from 'node:crypto'
import { linkSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs'
import { binding } from '../binding.js'
import {
  checkBoolean,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import { checkVersion } from './accepted-versions.js'
import { MappedFile, mappedOffsetBytes, mostMappedBytes } from './mapped-file.js'
import { seals } from './mapped-file-binding.js'
import { headerBytes, writeHeader } from './state-header.js'
import { systemCall } from './system-call.js'

/** Options of {@link createMappedFile}. */
export interface MappedFileOptions {
  /** Default: no name. The file then lives as long as a descriptor of it, in some process, queue or store. */
  readonly path?: string | undefined
  /** From 1 to what one ArrayBuffer holds (4 GiB in Node 20). The file is 4,096 bytes longer. */
  readonly sizeBytes: number
  /** The program's own, from 0 to 4,294,967,295: raise it when older programs could not read the contents. */
  readonly version: number
  /** Default false: a file at `path` is an error. True: the new one takes its place in one step. */
  readonly replace?: boolean | undefined
}

/**
 * Makes a file of zeros and maps it.
 *
 * All its pages are allocated before: a full file system is `ENOSPC` here, never a SIGBUS later. Costs the whole
 * `sizeBytes` of memory at once, and up to 2 ms a MiB. Without `path` it is a memory file (`memfd_create(2)`), sealed
 * so that nobody can shorten it. With `path` it appears there in one step, complete, with mode 0600; put it on a tmpfs
 * such as `/run`, and let no other user write to it: shortening it would kill every process that has it mapped.
 *
 * Requires Linux 3.17.
 *
 * Throws a {@link RestartError} with the errno's name: `EEXIST` (there is one, see `replace`), `ENOSPC`, `ENOMEM`,
 * `EACCES`, `EOPNOTSUPP` (the file system cannot allocate), ...
 */
export function createMappedFile(options: MappedFileOptions): MappedFile {
  const { path, sizeBytes, version, replace } = checkOptions(options)
  const header = new Uint8Array(headerBytes)
  writeHeader(header, 'rstmappd', { version, length: sizeBytes, checksum: 0 })
  if (path === undefined) return createUnnamed(header, sizeBytes, version)
  return createAt(path, replace, header, sizeBytes, version)
}

function createUnnamed(header: Uint8Array, sizeBytes: number, version: number): MappedFile {
  const fd = systemCall('create a mapped file in memory', () =>
    binding().memoryFile('restart.mapped', mappedOffsetBytes + sizeBytes),
  )
  return orClose(fd, () => {
    writeSync(fd, header, 0, headerBytes, 0)
    binding().sealFile(fd, seals.F_SEAL_SHRINK | seals.F_SEAL_GROW | seals.F_SEAL_SEAL)
    return new MappedFile(fd, version, sizeBytes, undefined)
  })
}

function createAt(
  path: string,
  replace: boolean,
  header: Uint8Array,
  sizeBytes: number,
  version: number,
): MappedFile {
  // Not the number of the process: in a container it is the same at every start, and what one that was killed left
  // behind would be in the way of all after it.
  const unfinished = `${path}.${randomBytes(6).toString('hex')}.new`
  const operation = `create the mapped file ${path}`
  const fd = systemCall(operation, () => openSync(unfinished, 'wx+', 0o600))
  return orClose(fd, () => {
    try {
      systemCall(operation, () => {
        binding().allocateFile(fd, mappedOffsetBytes + sizeBytes)
        writeSync(fd, header, 0, headerBytes, 0)
        // A link is refused where something is, which a rename is not.
        if (replace) renameSync(unfinished, path)
        else linkSync(unfinished, path)
      })
    } finally {
      removeIfThere(unfinished)
    }
    return new MappedFile(fd, version, sizeBytes, path)
  })
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Renamed.
  }
}

export function orClose<T>(fd: number, action: () => T): T {
  try {
    return action()
  } catch (error) {
    binding().closeFd(fd)
    throw error
  }
}

function checkOptions(options: MappedFileOptions) {
  checkKnown('options', options, ['path', 'sizeBytes', 'version', 'replace'])
  const { path, sizeBytes, version, replace = false } = options
  if (path !== undefined) checkPath('options.path', path)
  checkInteger('options.sizeBytes', sizeBytes, mostMappedBytes)
  if (sizeBytes === 0) throw invalidValue('options.sizeBytes', 'at least 1', sizeBytes)
  checkVersion('options.version', version)
  checkBoolean('options.replace', replace)
  return { path, sizeBytes, version, replace }
}

export function checkPath(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  if (value === '' || value.includes('\0')) throw invalidValue(name, 'a path', value)
}
