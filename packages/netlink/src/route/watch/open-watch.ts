import type { NetlinkConnection } from '../../connection/connection.js'
import { openNetlink } from '../../connection/open-netlink.js'
import { NETLINK_ROUTE } from '../../constants.js'
import { checkBoolean, checkKnown, invalidType } from '../../errors/invalid-argument.js'

/** What the options of every watch have in common. */
export interface WatchOptions {
  /**
   * A network namespace: a path such as `/run/netns/blue`, or the number of an open descriptor. Needs CAP_SYS_ADMIN.
   * @default the current one
   */
  netns?: string | number | undefined
  /** Whether the watch keeps the process alive. @default true */
  ref?: boolean | undefined
  /** Ends the watch, as `close()` does. */
  signal?: AbortSignal | undefined
  /** Room for events that wait to be read. See {@link OpenNetlinkOptions}. @default net.core.rmem_default */
  receiveBufferBytes?: number | undefined
}

interface StartedWatch {
  start(signal: AbortSignal | undefined): Promise<void>
  close(): Promise<void>
}

const watchOptionNames = ['netns', 'ref', 'signal', 'receiveBufferBytes']

/** Throws TypeError or RangeError; `further` are the options that only this kind of watch has. */
export function checkWatchArguments(
  listener: unknown,
  options: WatchOptions,
  further: readonly string[] = [],
): void {
  if (typeof listener !== 'object' || listener === null) {
    throw invalidType('listener', 'an object with functions', listener)
  }
  checkKnown('options', options, [...watchOptionNames, ...further])
  if (options.ref !== undefined) checkBoolean('ref', options.ref)
}

/** Resolves when the first reading is complete. */
export async function openWatch<W extends StartedWatch>(
  groups: readonly number[],
  { netns, ref = true, signal, receiveBufferBytes }: WatchOptions,
  create: (connection: NetlinkConnection, ref: boolean) => W,
): Promise<W> {
  signal?.throwIfAborted()
  const connection = await openNetlink({
    protocol: NETLINK_ROUTE,
    groups,
    netns,
    receiveBufferBytes,
  })
  const watch = create(connection, ref)
  try {
    await watch.start(signal)
    return watch
  } catch (error) {
    await watch.close()
    throw error
  }
}
