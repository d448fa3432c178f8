import { NETLINK_NETFILTER, openNetlink } from '@slatfatf/netlink'
import type { Addresses } from '../codec/decode-tuple.js'
import { attempt } from '../conntrack/session.js'
import {
  checkBoolean,
  checkInteger,
  checkKnown,
  checkSignal,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import { compileFilter } from '../filter/compile-filter.js'
import type { FlowFilter } from '../filter/flow-filter.js'
import type { AddressForm } from '../flow/tuple.js'
import type { EventKind } from './conntrack-event.js'
import { ConntrackEvents } from './conntrack-events.js'
import { EVENT_GROUPS } from './decode-event.js'

export interface OpenEventsOptions {
  /** Path of a network namespace, or the number of an open descriptor of one. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string | number | undefined
  /** What is wanted; the kernel sends nothing else. @default ['new', 'update', 'destroy'] */
  kinds?: readonly EventKind[] | undefined
  /**
   * Which flows are meant; of expectations all. Compared here, with what the event carries: an update without labels matches
   * no labels. @default all
   */
  filter?: FlowFilter | undefined
  /** Text, or copies of 4 or 16 bytes. @default 'text' */
  addresses?: Addresses | undefined
  /**
   * Makes the kernel keep the end of an entry until this socket has taken it, so that none is lost in the socket, however slow
   * the reader. The price is paid by others: ended entries stay in the table and count against
   * `net.netfilter.nf_conntrack_max`, and changes that cannot be told are held back and joined. Overruns of the socket are not
   * told then. Source: `nf_conntrack_ecache.c`. @default false
   */
  reliable?: boolean | undefined
  /** Room for events in the socket, as the kernel counts: about 1,280 bytes an event. @default 4 MiB, 3,276 events */
  receiveBufferBytes?: number | undefined
  /** Up to this the room is doubled at each overrun. @default 64 MiB */
  maxReceiveBufferBytes?: number | undefined
  /** How many events may wait for a slow reader, at about 700 bytes each. @default 16,384 */
  maxQueuedEvents?: number | undefined
  /**
   * Receives events of all namespaces that have an id here (`ip netns set`), with `event.namespaceId`. Needs
   * CAP_NET_BROADCAST. @default false
   */
  allNamespaces?: boolean | undefined
  /** Whether the stream keeps the process alive. @default true */
  ref?: boolean | undefined
  /** Ends the stream: whoever iterates it is thrown the reason. */
  signal?: AbortSignal | undefined
}

export const DEFAULT_RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024
const DEFAULT_MAX_RECEIVE_BUFFER_BYTES = 64 * 1024 * 1024
const LARGEST_BUFFER_BYTES = 0x7ffffffe
const DEFAULT_MAX_QUEUED_EVENTS = 16_384

const known = new Set([
  'netns',
  'kinds',
  'filter',
  'addresses',
  'reliable',
  'receiveBufferBytes',
  'maxReceiveBufferBytes',
  'maxQueuedEvents',
  'allNamespaces',
  'ref',
  'signal',
])

/**
 * Tells what happens to the entries of the connection tracking table. Equals `conntrack -E`, which ends at the first overrun.
 *
 * Nothing is lost silently. When this process reads too late, or reads and its consumer asks too late, an event `overrun`
 * stands where others are missing, the room in the socket is doubled, and the stream goes on: read the table anew then, or use
 * {@link mirrorTable}, which does. Memory is bounded by `maxQueuedEvents`.
 *
 * Everybody's changes are told, also those of other sockets of this process. With `net.netfilter.nf_conntrack_events` at 2
 * (auto, the default since Linux 5.19) an entry that was made while nobody on the machine listened, in whatever namespace, is
 * never told of, not even its end; with 0 nothing is. Flows that a flowtable or hardware forwards change without a word.
 *
 * Requires CAP_NET_ADMIN in the user namespace that owns the network namespace. Rejects with ConntrackError (`EPERM`,
 * `ENOENT` for the namespace, `ERR_UNSUPPORTED_PLATFORM`), TypeError, RangeError or the signal's reason.
 */
export function openEvents(
  options?: OpenEventsOptions & { addresses?: 'text' | undefined },
): Promise<ConntrackEvents>
export function openEvents(
  options: OpenEventsOptions & { addresses: 'bytes' },
): Promise<ConntrackEvents<Uint8Array>>
export function openEvents(options?: OpenEventsOptions): Promise<ConntrackEvents<AddressForm>>
export async function openEvents(options: OpenEventsOptions = {}): Promise<ConntrackEvents<AddressForm>> {
  checkKnown('options', options, known)
  const { netns, kinds = ['new', 'update', 'destroy'], addresses = 'text', signal } = options
  const { reliable = false, allNamespaces = false, ref = true } = options
  const { maxQueuedEvents = DEFAULT_MAX_QUEUED_EVENTS } = options
  const groups = groupsOf(kinds)
  if (addresses !== 'text' && addresses !== 'bytes') {
    throw invalidValue('addresses', 'text or bytes', addresses)
  }
  checkBoolean('reliable', reliable)
  checkBoolean('allNamespaces', allNamespaces)
  checkBoolean('ref', ref)
  checkInteger('maxQueuedEvents', maxQueuedEvents, 1, Number.MAX_SAFE_INTEGER)
  checkSignal(signal)
  const { receiveBufferBytes, maxReceiveBufferBytes } = bufferSizes(options)
  const filter = compileFilter(options.filter)
  signal?.throwIfAborted()
  const connection = await attempt({ operation: 'open' }, () =>
    openNetlink({ protocol: NETLINK_NETFILTER, netns, groups, receiveBufferBytes, reliable, allNamespaces }),
  )
  return new ConntrackEvents<AddressForm>(connection, {
    matches: filter.isEmpty ? undefined : filter.matches,
    maxQueuedEvents,
    maxReceiveBufferBytes,
    addresses,
    signal,
    ref,
  })
}

/** The sizes in force. Throws TypeError or RangeError. */
export function bufferSizes(options: {
  receiveBufferBytes?: number | undefined
  maxReceiveBufferBytes?: number | undefined
}): { receiveBufferBytes: number; maxReceiveBufferBytes: number } {
  const { receiveBufferBytes = DEFAULT_RECEIVE_BUFFER_BYTES } = options
  const { maxReceiveBufferBytes = Math.max(receiveBufferBytes, DEFAULT_MAX_RECEIVE_BUFFER_BYTES) } = options
  checkInteger('receiveBufferBytes', receiveBufferBytes, 0, LARGEST_BUFFER_BYTES)
  checkInteger('maxReceiveBufferBytes', maxReceiveBufferBytes, receiveBufferBytes, LARGEST_BUFFER_BYTES)
  return { receiveBufferBytes, maxReceiveBufferBytes }
}

function groupsOf(kinds: readonly EventKind[]): number[] {
  if (!Array.isArray(kinds)) throw invalidType('kinds', 'an array', kinds)
  if (kinds.length === 0) throw invalidValue('kinds', 'an array with at least one kind', kinds)
  for (const kind of kinds) {
    if (!Object.hasOwn(EVENT_GROUPS, kind)) {
      throw invalidValue('kinds', `some of ${Object.keys(EVENT_GROUPS).join(', ')}`, kind)
    }
  }
  return kinds.map((kind: EventKind) => EVENT_GROUPS[kind])
}
