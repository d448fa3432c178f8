import { type NetlinkMessage, NLM_F_CREATE, NLM_F_EXCL } from '@slatfatf/netlink'
import {
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_NEW,
  IPCTNL_MSG_EXP_DELETE,
  IPCTNL_MSG_EXP_NEW,
  NFNLGRP_CONNTRACK_DESTROY,
  NFNLGRP_CONNTRACK_EXP_DESTROY,
  NFNLGRP_CONNTRACK_EXP_NEW,
  NFNLGRP_CONNTRACK_NEW,
  NFNLGRP_CONNTRACK_UPDATE,
} from '../codec/constants.js'
import { decodeExpectation } from '../codec/decode-expectation.js'
import { decodeFlow } from '../codec/decode-flow.js'
import type { Addresses } from '../codec/decode-tuple.js'
import type { AddressForm } from '../flow/tuple.js'
import type { EventKind, ExpectationEvent, FlowEvent } from './conntrack-event.js'

/** Which multicast group tells what. Of updated expectations the kernel tells nothing. */
export const EVENT_GROUPS: Readonly<Record<EventKind, number>> = {
  new: NFNLGRP_CONNTRACK_NEW,
  update: NFNLGRP_CONNTRACK_UPDATE,
  destroy: NFNLGRP_CONNTRACK_DESTROY,
  'expectation-new': NFNLGRP_CONNTRACK_EXP_NEW,
  'expectation-destroy': NFNLGRP_CONNTRACK_EXP_DESTROY,
}

/** Undefined for what is no event of connection tracking. Throws NetlinkError `ERR_NETLINK_MALFORMED`. */
export function decodeEvent<A extends AddressForm>(
  message: NetlinkMessage,
  addresses: Addresses,
): FlowEvent<A> | ExpectationEvent<A> | undefined {
  const event = decode(message, addresses)
  // Absent where there is none, so that events of one namespace look alike.
  if (event && message.namespaceId !== undefined) event.namespaceId = message.namespaceId
  return event as FlowEvent<A> | ExpectationEvent<A> | undefined
}

function decode(
  { type, flags, payload }: NetlinkMessage,
  addresses: Addresses,
): FlowEvent<AddressForm> | ExpectationEvent<AddressForm> | undefined {
  switch (type) {
    case IPCTNL_MSG_CT_NEW:
      return { type: isCreation(flags) ? 'new' : 'update', flow: decodeFlow(payload, addresses) }
    case IPCTNL_MSG_CT_DELETE:
      return { type: 'destroy', flow: decodeFlow(payload, addresses) }
    case IPCTNL_MSG_EXP_NEW:
      return { type: 'expectation-new', expectation: decodeExpectation(payload, addresses) }
    case IPCTNL_MSG_EXP_DELETE:
      return { type: 'expectation-destroy', expectation: decodeExpectation(payload, addresses) }
    default:
      return undefined
  }
}

/** New and changed entries share a message type; the flags tell them apart. */
function isCreation(flags: number): boolean {
  return (flags & (NLM_F_CREATE | NLM_F_EXCL)) !== 0
}
