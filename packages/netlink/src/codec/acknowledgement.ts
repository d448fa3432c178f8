import {
  align4,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_HDRLEN,
  NLMSGERR_ATTR_MISS_NEST,
  NLMSGERR_ATTR_MISS_TYPE,
  NLMSGERR_ATTR_MSG,
  NLMSGERR_ATTR_OFFS,
} from '../constants.js'
import { malformedError } from '../errors/netlink-error.js'
import { AttributeReader } from './attribute-reader.js'
import type { NetlinkMessage } from './message.js'

/** What an NLMSG_ERROR or NLMSG_DONE says. */
export interface Acknowledgement {
  /** 0 for success, negative otherwise. */
  errno: number
  kernelMessage?: string
  attributeOffset?: number
  missingAttribute?: number
  missingNestOffset?: number
}

/** Throws `ERR_NETLINK_MALFORMED`. Layout: struct nlmsgerr and enum nlmsgerr_attrs, include/uapi/linux/netlink.h. */
export function decodeAcknowledgement({ type, flags, payload }: NetlinkMessage): Acknowledgement {
  if (payload.byteLength < 4) {
    // Some families end a dump without saying how it went.
    if (type === NLMSG_DONE) return { errno: 0 }
    throw malformedError(`acknowledgement of ${payload.byteLength} bytes`)
  }
  const result: Acknowledgement = { errno: Math.min(0, payload.getInt32(0, true)) }
  if ((flags & NLM_F_ACK_TLVS) === 0) return result

  const start = type === NLMSG_DONE ? 4 : 4 + echoedRequestLength(flags, payload)
  for (const a = new AttributeReader(payload, start, payload.byteLength); a.next(); ) {
    if (a.type === NLMSGERR_ATTR_MSG) result.kernelMessage = a.text()
    else if (a.type === NLMSGERR_ATTR_OFFS) result.attributeOffset = a.uint32()
    else if (a.type === NLMSGERR_ATTR_MISS_TYPE) result.missingAttribute = a.uint32()
    else if (a.type === NLMSGERR_ATTR_MISS_NEST) result.missingNestOffset = a.uint32()
  }
  return result
}

/** Capped, only the request's header comes back; otherwise all of the request does. */
function echoedRequestLength(flags: number, payload: DataView): number {
  if ((flags & NLM_F_CAPPED) !== 0) return NLMSG_HDRLEN
  if (payload.byteLength < 4 + NLMSG_HDRLEN)
    throw malformedError('acknowledgement without the request header')
  return align4(payload.getUint32(4, true))
}
