import type { DccpInfo, ProtocolInfo, SctpInfo, TcpFlags, TcpInfo } from '../flow/protocol-info.js'
import { DCCP_ROLES, DCCP_STATES, SCTP_STATES, TCP_STATES } from '../flow/protocol-states.js'
import { after, attributeLength, attributeType, need, uint8At, uint32At, uint64At } from './attribute-walk.js'
import {
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

/** Decodes the inside of CTA_PROTOINFO; children that are not known are passed over. */
export function decodeProtocolInfo(view: DataView, start: number, end: number): ProtocolInfo | undefined {
  if (end - start === WHOLE_TCP_BYTES && isWholeTcp(view, start)) return { tcp: wholeTcp(view, start) }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    const type = attributeType(view, at)
    if (type === CTA_PROTOINFO_TCP) return { tcp: decodeTcp(view, at + 4, at + length) }
    if (type === CTA_PROTOINFO_SCTP) return { sctp: decodeSctp(view, at + 4, at + length) }
    if (type === CTA_PROTOINFO_DCCP) return { dccp: decodeDccp(view, at + 4, at + length) }
    at = after(at, length)
  }
  return undefined
}

const WHOLE_TCP_BYTES = 44

/** All fields in the order in which every kernel writes them; headers as one number, as in {@link decodeTuple}. */
function isWholeTcp(view: DataView, at: number): boolean {
  return (
    view.getUint32(at, true) === 0x8001002c &&
    view.getUint32(at + 4, true) === 0x00010005 &&
    view.getUint32(at + 12, true) === 0x00020005 &&
    view.getUint32(at + 20, true) === 0x00030005 &&
    view.getUint32(at + 28, true) === 0x00040006 &&
    view.getUint32(at + 36, true) === 0x00050006
  )
}

function wholeTcp(view: DataView, at: number): TcpInfo {
  const state = view.getUint8(at + 8)
  return {
    state: TCP_STATES[state] ?? state,
    windowScaleOriginal: view.getUint8(at + 16),
    windowScaleReply: view.getUint8(at + 24),
    flagsOriginal: { flags: view.getUint8(at + 32), mask: view.getUint8(at + 33) },
    flagsReply: { flags: view.getUint8(at + 40), mask: view.getUint8(at + 41) },
  }
}

/** In the event of an entry's end, since Linux 5.11, the state is all there is. */
function decodeTcp(view: DataView, start: number, end: number): TcpInfo {
  let state = 0
  let windowScaleOriginal: number | undefined
  let windowScaleReply: number | undefined
  let flagsOriginal: TcpFlags | undefined
  let flagsReply: TcpFlags | undefined
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_PROTOINFO_TCP_STATE:
        state = uint8At(view, at, length)
        break
      case CTA_PROTOINFO_TCP_WSCALE_ORIGINAL:
        windowScaleOriginal = uint8At(view, at, length)
        break
      case CTA_PROTOINFO_TCP_WSCALE_REPLY:
        windowScaleReply = uint8At(view, at, length)
        break
      case CTA_PROTOINFO_TCP_FLAGS_ORIGINAL:
        flagsOriginal = flagsAt(view, at, length)
        break
      case CTA_PROTOINFO_TCP_FLAGS_REPLY:
        flagsReply = flagsAt(view, at, length)
        break
    }
    at = after(at, length)
  }
  const name = TCP_STATES[state] ?? state
  if (windowScaleOriginal === undefined && flagsOriginal === undefined) return { state: name }
  return { state: name, windowScaleOriginal, windowScaleReply, flagsOriginal, flagsReply }
}

function flagsAt(view: DataView, at: number, length: number): TcpFlags {
  need(view, at, length, 2)
  return { flags: view.getUint8(at + 4), mask: view.getUint8(at + 5) }
}

function decodeSctp(view: DataView, start: number, end: number): SctpInfo {
  const info: SctpInfo = { state: 'NONE' }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_PROTOINFO_SCTP_STATE:
        info.state = SCTP_STATES[uint8At(view, at, length)] ?? uint8At(view, at, length)
        break
      case CTA_PROTOINFO_SCTP_VTAG_ORIGINAL:
        info.verificationTagOriginal = uint32At(view, at, length)
        break
      case CTA_PROTOINFO_SCTP_VTAG_REPLY:
        info.verificationTagReply = uint32At(view, at, length)
        break
    }
    at = after(at, length)
  }
  return info
}

function decodeDccp(view: DataView, start: number, end: number): DccpInfo {
  const info: DccpInfo = { state: 'NONE' }
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    switch (attributeType(view, at)) {
      case CTA_PROTOINFO_DCCP_STATE:
        info.state = DCCP_STATES[uint8At(view, at, length)] ?? uint8At(view, at, length)
        break
      case CTA_PROTOINFO_DCCP_ROLE: {
        const role = DCCP_ROLES[uint8At(view, at, length)]
        if (role) info.role = role
        break
      }
      case CTA_PROTOINFO_DCCP_HANDSHAKE_SEQ:
        info.handshakeSequence = uint64At(view, at, length)
        break
    }
    at = after(at, length)
  }
  return info
}
