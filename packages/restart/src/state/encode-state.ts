import { crc32 } from 'node:zlib'
import { checkInteger, checkKnown, invalidType } from '../errors/invalid-argument.js'
import {
  type AcceptedVersions,
  checkAcceptedVersions,
  checkVersion,
  requireVersion,
} from './accepted-versions.js'
import { refusedState, stateCodes } from './state-error.js'
import { headerBytes, readHeader, writeHeader } from './state-header.js'

/** What a program leaves to its successor: bytes, and a version of the program's own that says how to read them. */
export interface VersionedState {
  /** From 0 to 4,294,967,295. Raise it whenever older programs could not read `bytes`. */
  readonly version: number
  readonly bytes: Uint8Array
}

/** Options of {@link decodeState} and `readStateFile`. */
export interface DecodeStateOptions {
  /** What this program can read. Default: every version; look at the result's then. */
  readonly version?: AcceptedVersions | undefined
  /** Default 16 MiB. */
  readonly maxBytes?: number | undefined
}

export const defaultMaxStateBytes = 16 * 1024 * 1024

/**
 * Puts a header of 32 bytes before the state: version, length and CRC-32.
 *
 * Costs one copy and one pass for the checksum, 1 to 3 ms a MiB. The checksum finds accidents, not forgery: whoever
 * may write the bytes may also write the checksum.
 *
 * Throws `ERR_INVALID_ARG_TYPE` and `ERR_INVALID_ARG_VALUE` only.
 */
export function encodeState(state: VersionedState): Uint8Array {
  checkKnown('state', state, ['version', 'bytes'])
  checkVersion('state.version', state.version)
  if (!(state.bytes instanceof Uint8Array)) throw invalidType('state.bytes', 'a Uint8Array', state.bytes)
  const encoded = new Uint8Array(headerBytes + state.bytes.length)
  writeHeader(encoded, 'rststate', {
    version: state.version,
    length: state.bytes.length,
    checksum: crc32(state.bytes),
  })
  encoded.set(state.bytes, headerBytes)
  return encoded
}

/**
 * The state in what {@link encodeState} made, or an error that says what is wrong with it.
 *
 * The result's `bytes` are a view of `encoded`, no copy.
 *
 * Throws a {@link RestartError}: `ERR_RESTART_STATE_FOREIGN` (not made by `encodeState`), `ERR_RESTART_STATE_TRUNCATED`
 * (shorter than it says), `ERR_RESTART_STATE_DAMAGED` (longer than it says, or a checksum differs),
 * `ERR_RESTART_STATE_VERSION` (not in `version`), `ERR_RESTART_STATE_TOO_LARGE` (more than `maxBytes`).
 */
export function decodeState(encoded: Uint8Array, options: DecodeStateOptions = {}): VersionedState {
  if (!(encoded instanceof Uint8Array)) throw invalidType('encoded', 'a Uint8Array', encoded)
  const maxBytes = checkDecodeOptions(options)
  const { version, length, checksum } = readHeader('the state', encoded, 'rststate')
  requireVersion('the state', version, options.version)
  if (length > maxBytes) {
    throw refusedState(
      stateCodes.tooLarge,
      `the state is ${length} bytes long, more than maxBytes (${maxBytes})`,
    )
  }
  const bytes = encoded.subarray(headerBytes)
  if (bytes.length !== length) {
    const code = bytes.length < length ? stateCodes.truncated : stateCodes.damaged
    throw refusedState(code, `the state says it is ${length} bytes long, there are ${bytes.length}`)
  }
  if (crc32(bytes) !== checksum) {
    throw refusedState(stateCodes.damaged, 'the state does not have the checksum that its header names')
  }
  return { version, bytes }
}

/** The bound that holds. */
export function checkDecodeOptions(options: DecodeStateOptions): number {
  checkKnown('options', options, ['version', 'maxBytes'])
  if (options.version !== undefined) checkAcceptedVersions('options.version', options.version)
  const { maxBytes = defaultMaxStateBytes } = options
  checkInteger('options.maxBytes', maxBytes, Number.MAX_SAFE_INTEGER)
  return maxBytes
}
