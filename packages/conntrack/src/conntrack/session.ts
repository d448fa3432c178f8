import { closeSync, constants, openSync } from 'node:fs'
import {
  NETLINK_NETFILTER,
  type NetlinkConnection,
  type NetlinkMessage,
  type NetlinkRequest,
  openNetlink,
  PayloadWriter,
} from '@slatfatf/netlink'
import { ConntrackError } from '../errors/conntrack-error.js'
import type { Attempt } from '../errors/hint.js'
import { refusal } from '../errors/refusal.js'
import type { KernelAbilities } from '../filter/kernel-abilities.js'

export interface CallOptions {
  /** Stops the waiting; what was sent may still take effect. */
  signal?: AbortSignal | undefined
}

/** The socket that requests go over, and how to open another one for a dump. */
export interface Session {
  readonly connection: NetlinkConnection
  /** A dump has a socket of its own: it is read as fast as its reader wants, and ended when he has enough. */
  open(): Promise<NetlinkConnection>
  /** Closes a socket that {@link open} gave. */
  release(connection: NetlinkConnection): Promise<void>
  /** What the kernel was found to heed. */
  abilities?: KernelAbilities | undefined
  close: () => Promise<void>
}

export interface SessionOptions {
  netns?: string | number | undefined
  receiveBufferBytes?: number | undefined
  sendBufferBytes?: number | undefined
}

export async function openSession(options: SessionOptions): Promise<Session> {
  const { netns, ...buffers } = options
  const protocol = NETLINK_NETFILTER
  const open = (namespace: string | number | undefined) =>
    attempt({ operation: 'open' }, () => openNetlink({ protocol, netns: namespace, ...buffers }))
  // Names of namespaces come and go: dumps shall read the one that was opened.
  const namespace = openNamespace(netns)
  if (namespace === undefined) return sessionOn(await open(netns), () => openNetlink({ protocol, netns }))
  try {
    const session = sessionOn(await open(namespace), () => openNetlink({ protocol, netns: namespace }))
    const closeAll = session.close
    let isOpen = true
    session.close = async () => {
      await closeAll()
      if (isOpen) closeSync(namespace)
      isOpen = false
    }
    return session
  } catch (error) {
    closeSync(namespace)
    throw error
  }
}

/** A descriptor of our own; undefined if there is nothing to open, which the socket then refuses in its words. */
function openNamespace(netns: unknown): number | undefined {
  if (typeof netns !== 'string' && typeof netns !== 'number') return undefined
  try {
    const path = typeof netns === 'number' ? `/proc/self/fd/${netns}` : netns
    // What is no namespace may be a pipe, which would be waited for.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

/** A session on a connection that is there already; `open` makes those of dumps. */
export function sessionOn(connection: NetlinkConnection, open: () => Promise<NetlinkConnection>): Session {
  const others = new Set<NetlinkConnection>()
  let isClosed = false
  return {
    connection,
    async open() {
      if (isClosed) throw closedError()
      const other = await attempt({ operation: 'open' }, open)
      others.add(other)
      if (!isClosed) return other
      await this.release(other)
      throw closedError()
    },
    async release(other) {
      others.delete(other)
      if (other !== connection) await other.close()
    },
    async close() {
      isClosed = true
      await Promise.all([connection, ...others].map((each) => each.close()))
      others.clear()
    },
  }
}

/** Runs what may be refused, and tells refusals in the words of connection tracking. */
export async function attempt<T>(what: Attempt, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw refusal(error, what)
  }
}

export async function request<T = never>(
  session: Session,
  what: Attempt,
  message: NetlinkRequest,
  options: CallOptions,
  decode?: (message: NetlinkMessage) => T | undefined,
): Promise<T[]> {
  const { signal } = options
  return attempt(what, () =>
    session.connection.request({ operation: what.operation, ...message }, decode, signal ? { signal } : {}),
  )
}

/** What `write` writes. */
export function payloadOf(write: (writer: PayloadWriter) => void): Uint8Array {
  const writer = new PayloadWriter()
  write(writer)
  return writer.finish()
}

function closedError(): ConntrackError {
  return new ConntrackError('this handle of connection tracking is closed', { code: 'ERR_NETLINK_CLOSED' })
}
