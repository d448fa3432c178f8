import type { PayloadWriter } from '@slatfatf/netlink'
import type { Probe } from '../filter/kernel-abilities.js'
import type { KernelFilter, KernelTuple } from '../filter/kernel-filter.js'
import { STATUS } from '../flow/status.js'
import {
  CTA_FILTER,
  CTA_FILTER_F_CTA_IP_DST,
  CTA_FILTER_F_CTA_IP_SRC,
  CTA_FILTER_F_CTA_PROTO_DST_PORT,
  CTA_FILTER_F_CTA_PROTO_NUM,
  CTA_FILTER_F_CTA_PROTO_SRC_PORT,
  CTA_FILTER_ORIG_FLAGS,
  CTA_FILTER_REPLY_FLAGS,
  CTA_IP_V4_DST,
  CTA_IP_V4_SRC,
  CTA_MARK,
  CTA_MARK_MASK,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_STATUS,
  CTA_STATUS_MASK,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_REPLY,
  CTA_ZONE,
  NFNL_VERSION_FAMILY_FLUSH,
} from './constants.js'
import { familyHeader } from './header.js'
import { parseIpv4 } from './parse-address.js'

/** Writes header and attributes of a filtered dump or flush. With the older version a flush ignores the family. */
export function writeKernelFilter(writer: PayloadWriter, filter: KernelFilter): void {
  const { family, original, reply, mark, status, zone } = filter
  writer.raw(familyHeader(family, family === undefined ? 0 : NFNL_VERSION_FAMILY_FLUSH))
  if (mark) writer.uint32BE(CTA_MARK, mark.value).uint32BE(CTA_MARK_MASK, mark.mask)
  // A mask of nothing would be refused.
  if (status) writer.uint32BE(CTA_STATUS, status.value).uint32BE(CTA_STATUS_MASK, status.mask)
  if (zone !== undefined) writer.uint16BE(CTA_ZONE, zone)
  if (!original && !reply) return
  if (original) writeTuple(writer, CTA_TUPLE_ORIG, original)
  if (reply) writeTuple(writer, CTA_TUPLE_REPLY, reply)
  const nest = writer.beginNested(CTA_FILTER)
  // In host byte order, unlike nearly everything else here.
  writer.uint32(CTA_FILTER_ORIG_FLAGS, original ? flagsOf(original) : 0)
  writer.uint32(CTA_FILTER_REPLY_FLAGS, reply ? flagsOf(reply) : 0)
  writer.endNested(nest)
}

/** Writes a request that tells by its refusal what the kernel knows. */
export function writeProbe(writer: PayloadWriter, probe: Probe): void {
  writer.raw(familyHeader(4))
  if (probe === 'dump by a status without bits') {
    writer.uint32BE(CTA_STATUS, 0)
    return
  }
  const isFlush = probe === 'flush of nothing by flags'
  if (isFlush) {
    // Bits outside of the mask: no entry has them. Where these are not heeded, the empty tuple is refused.
    writer.uint32BE(CTA_MARK, 2).uint32BE(CTA_MARK_MASK, 1)
    writer.uint32BE(CTA_STATUS, STATUS.SEEN_REPLY).uint32BE(CTA_STATUS_MASK, STATUS.EXPECTED)
    writer.endNested(writer.beginNested(CTA_TUPLE_ORIG))
  }
  const nest = writer.beginNested(CTA_FILTER)
  writer.uint32(CTA_FILTER_ORIG_FLAGS, isFlush ? 0 : CTA_FILTER_F_CTA_PROTO_NUM)
  writer.endNested(nest)
}

function writeTuple(writer: PayloadWriter, type: number, tuple: KernelTuple): void {
  const { source, destination, protocol, sourcePort, destinationPort } = tuple
  const nest = writer.beginNested(type)
  if (source !== undefined || destination !== undefined) {
    const ip = writer.beginNested(CTA_TUPLE_IP)
    if (source !== undefined) writer.uint32BE(CTA_IP_V4_SRC, parseIpv4(source))
    if (destination !== undefined) writer.uint32BE(CTA_IP_V4_DST, parseIpv4(destination))
    writer.endNested(ip)
  }
  if (protocol !== undefined) {
    const proto = writer.beginNested(CTA_TUPLE_PROTO)
    writer.uint8(CTA_PROTO_NUM, protocol)
    if (sourcePort !== undefined) writer.uint16BE(CTA_PROTO_SRC_PORT, sourcePort)
    if (destinationPort !== undefined) writer.uint16BE(CTA_PROTO_DST_PORT, destinationPort)
    writer.endNested(proto)
  }
  writer.endNested(nest)
}

function flagsOf({ source, destination, protocol, sourcePort, destinationPort }: KernelTuple): number {
  return (
    (source === undefined ? 0 : CTA_FILTER_F_CTA_IP_SRC) |
    (destination === undefined ? 0 : CTA_FILTER_F_CTA_IP_DST) |
    (protocol === undefined ? 0 : CTA_FILTER_F_CTA_PROTO_NUM) |
    (sourcePort === undefined ? 0 : CTA_FILTER_F_CTA_PROTO_SRC_PORT) |
    (destinationPort === undefined ? 0 : CTA_FILTER_F_CTA_PROTO_DST_PORT)
  )
}
