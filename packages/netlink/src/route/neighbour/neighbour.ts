import { readAttributes } from '../../codec/attribute-reader.js'
import type { IpFamily, IpPrefix } from '../../codec/ip-prefix.js'
import type { NetlinkMessage } from '../../codec/message.js'
import { PayloadWriter } from '../../codec/payload-writer.js'
import { familyNumber } from '../address-family.js'
import * as rt from '../constants.js'
import { type NeighbourState, neighbourState } from '../kernel-name.js'
import { formatHardwareAddress } from '../link/hardware-address.js'
import type { InterfaceNames } from '../link/links.js'

/** What an interface knows of one address behind it (ARP, neighbour discovery). Equals a line of `ip neighbour show nud all`. */
export interface Neighbour {
  /** Name of the interface. */
  interface: string
  /** Index of the interface. */
  index: number
  address: string
  /** Link-layer address, such as `02:00:00:00:00:01`; absent while it is not known, and where there are none. */
  lladdr?: string
  state: NeighbourState
  /** It says that it is a router (IPv6). Absent otherwise. */
  router?: true
  family: IpFamily
}

export type IndexedNeighbour = Omit<Neighbour, 'interface'>

/** What one entry is made of when it is written. */
export interface NeighbourContent {
  address: IpPrefix
  lladdr?: Uint8Array | undefined
  state: number
  router: boolean
}

const HEADER_BYTES = 12

/** Undefined for what is no neighbour of the family: bridge ports' forwarding entries, and addresses we answer for. */
export function decodeNeighbour({ payload }: NetlinkMessage, family: IpFamily): IndexedNeighbour | undefined {
  const attributes = readAttributes(payload, HEADER_BYTES)
  const flags = payload.getUint8(10)
  if (payload.getUint8(0) !== familyNumber(family) || (flags & rt.NTF_PROXY) !== 0) return undefined
  let address: string | undefined
  let lladdr: string | undefined
  for (const a = attributes; a.next(); ) {
    if (a.type === rt.NDA_DST) address = a.ipAddress()
    else if (a.type === rt.NDA_LLADDR && a.length > 0) lladdr = formatHardwareAddress(a.bytes())
  }
  if (address === undefined) return undefined
  const neighbour: IndexedNeighbour = {
    index: payload.getInt32(4, true),
    address,
    state: neighbourState.name(payload.getUint16(8, true)),
    family,
  }
  if (lladdr !== undefined) neighbour.lladdr = lladdr
  if (flags & rt.NTF_ROUTER) neighbour.router = true
  return neighbour
}

/** Undefined for a neighbour whose interface has gone since. */
export function nameNeighbour(neighbour: IndexedNeighbour, names: InterfaceNames): Neighbour | undefined {
  const name = names.get(neighbour.index)
  return name === undefined ? undefined : { interface: name, ...neighbour }
}

export function encodeNeighbour(
  index: number,
  { address, lladdr, state, router }: NeighbourContent,
): Uint8Array {
  const flags = router ? rt.NTF_ROUTER : 0
  const writer = new PayloadWriter(neighbourHeader(address.family, index, state, flags))
  writer.bytes(rt.NDA_DST, address.bytes)
  if (lladdr) writer.bytes(rt.NDA_LLADDR, lladdr)
  return writer.finish()
}

/** Strict checking refuses the interface in the header of a dump, and takes it as an attribute (net/core/neighbour.c). */
export function encodeNeighbourFilter(family: IpFamily, index: number | undefined): Uint8Array {
  const writer = new PayloadWriter(neighbourHeader(family))
  if (index !== undefined) writer.uint32(rt.NDA_IFINDEX, index)
  return writer.finish()
}

/** struct ndmsg. */
function neighbourHeader(family: IpFamily, index = 0, state = 0, flags = 0): Uint8Array {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES))
  header.setUint8(0, familyNumber(family))
  header.setInt32(4, index, true)
  header.setUint16(8, state, true)
  header.setUint8(10, flags)
  return new Uint8Array(header.buffer)
}
