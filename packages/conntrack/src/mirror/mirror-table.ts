import { NETLINK_NETFILTER, openNetlink } from '@slatfatf/netlink'
import {
  NFNLGRP_CONNTRACK_DESTROY,
  NFNLGRP_CONNTRACK_NEW,
  NFNLGRP_CONNTRACK_UPDATE,
} from '../codec/constants.js'
import { attempt } from '../conntrack/session.js'
import { readSysctl } from '../doctor/read-sysctl.js'
import {
  checkBoolean,
  checkInteger,
  checkKnown,
  checkObject,
  checkSignal,
} from '../errors/invalid-argument.js'
import { bufferSizes } from '../events/open-events.js'
import { compileFilter } from '../filter/compile-filter.js'
import type { FlowFilter } from '../filter/flow-filter.js'
import { type EventMode, FlowTable, type FlowTableListener } from './flow-table.js'

export interface MirrorTableOptions {
  /** Path of a network namespace, or the number of an open descriptor of one. Needs CAP_SYS_ADMIN. @default the current one */
  netns?: string | number | undefined
  /** Which entries are kept. One that changes comes in or goes out with its change. @default all */
  filter?: FlowFilter | undefined
  listener?: FlowTableListener | undefined
  /** Room for events in the socket, as the kernel counts: about 1,280 bytes an event. @default 4 MiB, 3,276 events */
  receiveBufferBytes?: number | undefined
  /** Up to this the room is doubled at each overrun. @default 64 MiB */
  maxReceiveBufferBytes?: number | undefined
  /**
   * How long there shall have been no further loss before the table is read anew; ten times that at most, and never shorter
   * than the last reading took. @default 100
   */
  resyncDelayMs?: number | undefined
  /**
   * How often the table is read by the clock, to drop what ended without a word. 0 is never. In the auto mode it is only done
   * while there are entries that no event has told of. @default 60,000; 0 where nf_conntrack_events is known to be 1
   */
  reconcileMs?: number | undefined
  /** Whether the table keeps the process alive. @default true */
  ref?: boolean | undefined
  /** Closes the table. */
  signal?: AbortSignal | undefined
}

const known = new Set([
  'netns',
  'filter',
  'listener',
  'receiveBufferBytes',
  'maxReceiveBufferBytes',
  'resyncDelayMs',
  'reconcileMs',
  'ref',
  'signal',
])

const MODES: readonly EventMode[] = ['off', 'on', 'auto']
const DEFAULT_RESYNC_DELAY_MS = 100
const DEFAULT_RECONCILE_MS = 60_000
const LONGEST_MS = 0x7fffffff

/**
 * Keeps a copy of the connection tracking table that is right: it listens first, then reads the table, and reads it anew after
 * an overrun. Resolves when it listens; `table.ready` when it is complete.
 *
 * After everything has come in (`settled()`), it has the entries that `dump()` gives, with these limits. Timeout, counters,
 * references and times are as of the last event or reading, and an event of a beginning has no counters and no times. An entry
 * whose time is over stays until the kernel collects it, up to a minute. With `net.netfilter.nf_conntrack_events` at 2 (auto,
 * the default) an entry that was made before anybody on the machine listened ends without an event: it stays until the table
 * is read by the clock (`reconcileMs`). The setting is looked at when the table is opened, and only if the namespace is that of
 * the calling thread; otherwise it is taken for unknown, and the clock runs.
 *
 * Costs about 600 bytes an entry. Requires CAP_NET_ADMIN in the user namespace that owns the network namespace. Rejects with
 * ConntrackError (`EPERM`, `ENOENT` for the namespace, `ERR_UNSUPPORTED_PLATFORM`), TypeError, RangeError or the signal's reason.
 */
export async function mirrorTable(options: MirrorTableOptions = {}): Promise<FlowTable> {
  checkKnown('options', options, known)
  const { netns, listener = {}, ref = true, signal } = options
  const { resyncDelayMs = DEFAULT_RESYNC_DELAY_MS } = options
  checkObject('listener', listener)
  checkBoolean('ref', ref)
  checkSignal(signal)
  checkInteger('resyncDelayMs', resyncDelayMs, 0, LONGEST_MS)
  if (options.reconcileMs !== undefined) checkInteger('reconcileMs', options.reconcileMs, 0, LONGEST_MS)
  const { receiveBufferBytes, maxReceiveBufferBytes } = bufferSizes(options)
  const filter = compileFilter(options.filter)
  signal?.throwIfAborted()
  const groups = [NFNLGRP_CONNTRACK_NEW, NFNLGRP_CONNTRACK_UPDATE, NFNLGRP_CONNTRACK_DESTROY]
  const connection = await attempt({ operation: 'open' }, () =>
    openNetlink({ protocol: NETLINK_NETFILTER, netns, groups, receiveBufferBytes }),
  )
  const eventMode = MODES[readSysctl('net.netfilter.nf_conntrack_events', netns) ?? -1]
  return new FlowTable(connection, {
    filter,
    listener,
    maxReceiveBufferBytes,
    quietMs: resyncDelayMs,
    reconcileMs: options.reconcileMs ?? (eventMode === 'on' ? 0 : DEFAULT_RECONCILE_MS),
    eventMode,
    ref,
    signal,
  })
}
