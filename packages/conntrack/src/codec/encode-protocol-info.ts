import type { PayloadWriter } from '@slatfatf/netlink'
import { checkInteger, checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'
import { PROTOCOL_NUMBERS, protocolNumber } from '../flow/protocol.js'
import type { DccpInfo, ProtocolInfo, SctpInfo, TcpFlags, TcpInfo } from '../flow/protocol-info.js'
import { DCCP_ROLES, DCCP_STATES, SCTP_STATES, TCP_STATES } from '../flow/protocol-states.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import {
  CTA_PROTOINFO,
  CTA_PROTOINFO_DCCP,
  CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ,
  CTA_PROTOINFO_DCCP_ROLE,
  CTA_PROTOINFO_DCCP_STATE,
  CTA_PROTOINFO_SCTP,
  CTA_PROTOINFO_SCTP_STATE,
  CTA_PROTOINFO_SCTP_VTAG_ORIGINAL,
  CTA_PROTOINFO_SCTP_VTAG_REPLY,
  CTA_PROTOINFO_TCP,
  CTA_PROTOINFO_TCP_FLAGS_ORIGINAL,
  CTA_PROTOINFO_TCP_FLAGS_REPLY,
  CTA_PROTOINFO_TCP_STATE,
  CTA_PROTOINFO_TCP_WSCALE_ORIGINAL,
  CTA_PROTOINFO_TCP_WSCALE_REPLY,
} from './constants.js'

const knownProtocols = new Set(['tcp', 'sctp', 'dccp'])
const knownTcp = new Set(['state', 'windowScaleOriginal', 'windowScaleReply', 'flagsOriginal', 'flagsReply'])
const knownSctp = new Set(['state', 'verificationTagOriginal', 'verificationTagReply'])
const knownDccp = new Set(['state', 'role', 'handshakeSequence'])

/** `IP_CT_TCP_FLAG_WINDOW_SCALE` */
const WINDOW_SCALE: TcpFlags = { flags: 1, mask: 1 }

/** Throws RangeError for what another protocol knows: the kernel would pass over it. */
export function checkProtocolOfInfo({ protocol }: Tuple<AddressForm>, info: ProtocolInfo): void {
  const number = protocolNumber(protocol)
  for (const name of ['tcp', 'sctp', 'dccp'] as const) {
    if (info[name] !== undefined && number !== PROTOCOL_NUMBERS[name]) {
      throw invalidValue('protocolInfo', `of the protocol of the tuples, ${protocol}`, info)
    }
  }
}

/** Throws TypeError or RangeError. */
export function writeProtocolInfo(writer: PayloadWriter, info: ProtocolInfo): void {
  checkKnown('protocolInfo', info, knownProtocols)
  const nest = writer.beginNested(CTA_PROTOINFO)
  if (info.tcp) writeTcp(writer, info.tcp)
  if (info.sctp) writeSctp(writer, info.sctp)
  if (info.dccp) writeDccp(writer, info.dccp)
  writer.endNested(nest)
}

function writeTcp(writer: PayloadWriter, info: TcpInfo): void {
  checkKnown('protocolInfo.tcp', info, knownTcp)
  const nest = writer.beginNested(CTA_PROTOINFO_TCP)
  writer.uint8(CTA_PROTOINFO_TCP_STATE, stateNumber('protocolInfo.tcp.state', TCP_STATES, info.state))
  writeScale(writer, CTA_PROTOINFO_TCP_WSCALE_ORIGINAL, 'windowScaleOriginal', info.windowScaleOriginal)
  writeScale(writer, CTA_PROTOINFO_TCP_WSCALE_REPLY, 'windowScaleReply', info.windowScaleReply)
  // The kernel takes the scales only if the flags say that both sides scale.
  const isScaled = info.windowScaleOriginal !== undefined && info.windowScaleReply !== undefined
  const flags = isScaled ? WINDOW_SCALE : undefined
  writeFlags(writer, CTA_PROTOINFO_TCP_FLAGS_ORIGINAL, 'flagsOriginal', info.flagsOriginal ?? flags)
  writeFlags(writer, CTA_PROTOINFO_TCP_FLAGS_REPLY, 'flagsReply', info.flagsReply ?? flags)
  writer.endNested(nest)
}

function writeScale(writer: PayloadWriter, type: number, name: string, scale: number | undefined): void {
  if (scale === undefined) return
  checkInteger(`protocolInfo.tcp.${name}`, scale, 0, 255)
  writer.uint8(type, scale)
}

function writeFlags(writer: PayloadWriter, type: number, name: string, value: TcpFlags | undefined): void {
  if (value === undefined) return
  if (value === null || typeof value !== 'object') {
    throw invalidType(`protocolInfo.tcp.${name}`, 'an object of flags and mask', value)
  }
  checkInteger(`protocolInfo.tcp.${name}.flags`, value.flags, 0, 255)
  checkInteger(`protocolInfo.tcp.${name}.mask`, value.mask, 0, 255)
  writer.bytes(type, Uint8Array.of(value.flags, value.mask))
}

/** The kernel wants all three. */
function writeSctp(writer: PayloadWriter, info: SctpInfo): void {
  checkKnown('protocolInfo.sctp', info, knownSctp)
  const { verificationTagOriginal = 0, verificationTagReply = 0 } = info
  checkInteger('protocolInfo.sctp.verificationTagOriginal', verificationTagOriginal, 0, 0xffffffff)
  checkInteger('protocolInfo.sctp.verificationTagReply', verificationTagReply, 0, 0xffffffff)
  const nest = writer.beginNested(CTA_PROTOINFO_SCTP)
  writer.uint8(CTA_PROTOINFO_SCTP_STATE, stateNumber('protocolInfo.sctp.state', SCTP_STATES, info.state))
  writer.uint32BE(CTA_PROTOINFO_SCTP_VTAG_ORIGINAL, verificationTagOriginal)
  writer.uint32BE(CTA_PROTOINFO_SCTP_VTAG_REPLY, verificationTagReply)
  writer.endNested(nest)
}

function writeDccp(writer: PayloadWriter, info: DccpInfo): void {
  checkKnown('protocolInfo.dccp', info, knownDccp)
  const nest = writer.beginNested(CTA_PROTOINFO_DCCP)
  writer.uint8(CTA_PROTOINFO_DCCP_STATE, stateNumber('protocolInfo.dccp.state', DCCP_STATES, info.state))
  const role = DCCP_ROLES.indexOf(info.role ?? 'client')
  if (role < 0) throw invalidValue('protocolInfo.dccp.role', DCCP_ROLES.join(' or '), info.role)
  writer.uint8(CTA_PROTOINFO_DCCP_ROLE, role)
  if (info.handshakeSequence !== undefined) {
    if (typeof info.handshakeSequence !== 'bigint') {
      throw invalidType('protocolInfo.dccp.handshakeSequence', 'a bigint', info.handshakeSequence)
    }
    writer.uint64BE(CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ, info.handshakeSequence)
  }
  writer.endNested(nest)
}

function stateNumber(name: string, states: readonly string[], state: string | number): number {
  if (typeof state === 'string') {
    const number = states.indexOf(state)
    if (number >= 0) return number
    throw invalidValue(name, `one of ${states.join(', ')}`, state)
  }
  checkInteger(name, state, 0, 255)
  return state
}
