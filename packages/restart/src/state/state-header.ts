import { crc32 } from 'node:zlib'
import { refusedState, stateCodes } from './state-error.js'

/** Magic, layout, version, length, checksum of the contents, checksum of all of these: little-endian. */
export const headerBytes = 32

const layout = 1
const offsets = { layout: 8, version: 12, length: 16, checksum: 24, headerChecksum: 28 }

export interface StateHeader {
  readonly version: number
  readonly length: number
  readonly checksum: number
}

/** What a header announces: eight characters, so that one kind is never taken for the other. */
export type StateKind = 'rststate' | 'rstmappd'

export function writeHeader(into: Uint8Array, kind: StateKind, header: StateHeader): void {
  const view = new DataView(into.buffer, into.byteOffset, headerBytes)
  for (let index = 0; index < kind.length; index++) view.setUint8(index, kind.charCodeAt(index))
  view.setUint32(offsets.layout, layout, true)
  view.setUint32(offsets.version, header.version, true)
  view.setBigUint64(offsets.length, BigInt(header.length), true)
  view.setUint32(offsets.checksum, header.checksum, true)
  view.setUint32(offsets.headerChecksum, crc32(into.subarray(0, offsets.headerChecksum)), true)
}

/** Trusts nothing: `from` may be any bytes. `what` names them in errors. */
export function readHeader(what: string, from: Uint8Array, kind: StateKind): StateHeader {
  for (let index = 0; index < Math.min(kind.length, from.length); index++) {
    if (from[index] === kind.charCodeAt(index)) continue
    throw refusedState(stateCodes.foreign, `${what} was not written by this package`)
  }
  if (from.length < headerBytes) {
    throw refusedState(stateCodes.truncated, `${what} ends within its header, after ${from.length} bytes`)
  }
  const view = new DataView(from.buffer, from.byteOffset, headerBytes)
  if (crc32(from.subarray(0, offsets.headerChecksum)) !== view.getUint32(offsets.headerChecksum, true)) {
    throw refusedState(stateCodes.damaged, `the header of ${what} does not have the checksum it names`)
  }
  const found = view.getUint32(offsets.layout, true)
  if (found !== layout) {
    throw refusedState(
      stateCodes.version,
      `${what} has layout ${found}, this package reads layout ${layout}`,
      'It was written by another version of @slatfatf/restart: let that version read it, or start without',
    )
  }
  const length = view.getBigUint64(offsets.length, true)
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refusedState(stateCodes.damaged, `${what} claims to be ${length} bytes long`)
  }
  return {
    version: view.getUint32(offsets.version, true),
    length: Number(length),
    checksum: view.getUint32(offsets.checksum, true),
  }
}
