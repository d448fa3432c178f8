import { debuglog } from 'node:util'
import { MAX_DESCRIPTORS_PER_MESSAGE } from '../channel/channel-binding.js'
import {
  checkBoolean,
  checkInteger,
  checkKnown,
  checkSignal,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import { RestartError } from '../errors/restart-error.js'
import { passBarrier } from './barrier.js'
import { checkFdName } from './fd-name.js'
import { checkFdStoreRoom, fdStoreRoom } from './fd-store-room.js'
import { encodeNotification, type Notification } from './notification.js'
import { notifyAddress } from './notify-address.js'
import { type NotifyQueue, openNotifyQueue } from './notify-queue.js'
import { sendBounded } from './send-bounded.js'
import { watchdogInterval } from './watchdog-interval.js'

const log = debuglog('restart')

/** Options of {@link ServiceManager.barrier}. */
export interface BarrierOptions {
  /** Default 5,000 ms. */
  timeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

/** Options of {@link ServiceManager.store}. */
export interface StoreOptions extends BarrierOptions {
  /**
   * Whether the manager drops a descriptor as soon as it shows an error or hang-up. Default false (`FDPOLL=0`): a TCP socket that is
   * bound and does not listen looks hung up from the start.
   */
  poll?: boolean | undefined
}

/**
 * What became of descriptors that were to be stored: `stored`; `unknown`, they were sent to a manager that does not say whether it
 * stores any (systemd before 254); `absent`, there is no service manager.
 */
export type StoreOutcome = 'stored' | 'unknown' | 'absent'

/**
 * The service manager (systemd) that started this process, spoken to without libsystemd.
 *
 * Without one ({@link present} is false) every call does nothing, so that nobody needs to ask. Calls throw a RestartError with the name of
 * the errno (`ENOENT`, `ECONNREFUSED`, `EACCES`) when the manager cannot be reached.
 */
export interface ServiceManager {
  readonly present: boolean
  /** How often the manager wants `WATCHDOG=1`, in ms; undefined if it does not watch this process. */
  readonly watchdogMs: number | undefined
  /**
   * Whether the manager keeps descriptors for this service: `on`, `off`, or `unknown` before systemd 254, which does not say. Try
   * {@link store} then, and count on nothing.
   */
  readonly fdStore: 'on' | 'off' | 'unknown'
  /**
   * Sends one notification, at once or, while the manager is busy, as soon as it takes it, in order.
   *
   * Says nothing about whether the manager has acted on it: wait for {@link barrier} before exiting, or before telling anyone.
   * Equals `systemd-notify`. Throws TypeErrors and RangeErrors as Node does.
   */
  notify(notification: Notification): void
  /**
   * Waits until the manager has processed everything that was sent before (`BARRIER=1`, systemd 246; older ones answer as well).
   *
   * Rejects with `ERR_RESTART_BARRIER_TIMEOUT`, with the reason of `signal`, or `ERR_RESTART_CLOSED`.
   */
  barrier(options?: BarrierOptions): Promise<void>
  /**
   * Gives descriptors to the manager, which keeps them over a crash or `systemctl restart` and passes them to the next process under this
   * name ({@link takeListenFds}). What it keeps already is not kept twice. The originals stay this process's own, to be closed after
   * this has resolved.
   *
   * A name that is stored twice has both: {@link unstore} it before it gets other descriptors. The store is for dozens, because PID 1
   * compares every new descriptor with all others; `park` puts any number behind two.
   * A connection in the store stays open when this process closes it; see {@link unstore}.
   *
   * Rejects with `ERR_RESTART_FD_STORE_OFF` when the unit has no FileDescriptorStoreMax=, `ERR_RESTART_FD_STORE_FULL` for more than
   * that, and as {@link barrier}. systemd before 254 throws away in silence what it does not store: the result is `unknown` then.
   */
  store(name: string, fds: readonly number[], options?: StoreOptions): Promise<StoreOutcome>
  /** Makes the manager forget everything it keeps under this name (`FDSTOREREMOVE=1`, systemd 236). */
  unstore(name: string): void
  /**
   * Says `WATCHDOG=1` now and twice an interval from now on, from the event loop: a loop that hangs is silent, and the manager kills the
   * process with SIGABRT (WatchdogSec=). Call it when this process is the main one. Does not hold the process open.
   *
   * Returns the function that ends it.
   */
  startWatchdog(): () => void
  /** Ends the watchdog and forgets what is not sent yet. */
  close(): void
  [Symbol.dispose](): void
}

/**
 * Speaks to the service manager in `$NOTIFY_SOCKET` of `env` (default: `process.env`).
 *
 * The variables stay where they are: a successor that is started with the same environment speaks to the same manager. It must be
 * started without `WATCHDOG_PID`, which names this process.
 *
 * Throws `ERR_RESTART_NOTIFY_ADDRESS` when the address is no Unix socket.
 */
export function openServiceManager(options: { env?: NodeJS.ProcessEnv | undefined } = {}): ServiceManager {
  checkKnown('options', options, ['env'])
  const { env = process.env } = options
  const address = notifyAddress(env)
  const watchdogMs = address === undefined ? undefined : watchdogInterval(env, process.pid)
  const room = address === undefined ? 0 : fdStoreRoom(env)
  let queue: NotifyQueue | undefined
  let closed = false
  let watchdog: NodeJS.Timeout | undefined

  const send: NotifyQueue['send'] = (...datagram) => {
    if (closed) throw closedError()
    if (address === undefined) return () => {}
    queue ??= openNotifyQueue(address)
    return queue.send(...datagram)
  }
  const reportWaiting = (refusal?: Error) => {
    if (refusal !== undefined) log('a notification that had waited was refused: %s', refusal.message)
  }

  const manager: ServiceManager = {
    present: address !== undefined,
    watchdogMs,
    fdStore: room === undefined ? 'unknown' : room > 0 ? 'on' : 'off',
    notify(notification) {
      const text = encodeNotification(notification)
      if (text !== '') send(text, [], reportWaiting)
    },
    async barrier(barrierOptions = {}) {
      checkKnown('options', barrierOptions, ['timeoutMs', 'signal'])
      const { timeoutMs, signal } = checkBarrier(barrierOptions)
      if (closed) throw closedError()
      if (address === undefined) return
      queue ??= openNotifyQueue(address)
      await passBarrier(queue, timeoutMs, signal)
    },
    async store(name, fds, storeOptions = {}) {
      checkKnown('options', storeOptions, ['poll', 'timeoutMs', 'signal'])
      const { poll = false, ...barrierOptions } = storeOptions
      checkFdName(name)
      checkFds(fds)
      checkBoolean('poll', poll)
      const { timeoutMs, signal } = checkBarrier(barrierOptions)
      if (closed) throw closedError()
      if (address === undefined) return 'absent'
      signal?.throwIfAborted()
      checkFdStoreRoom(room, name, fds.length)
      const text = `FDSTORE=1\nFDNAME=${name}${poll ? '' : '\nFDPOLL=0'}`
      const batches: Promise<void>[] = []
      for (let first = 0; first < fds.length; first += MAX_DESCRIPTORS_PER_MESSAGE) {
        const batch = fds.slice(first, first + MAX_DESCRIPTORS_PER_MESSAGE)
        batches.push(sendBounded(send, text, batch, timeoutMs, signal))
      }
      await Promise.all(batches)
      await manager.barrier(barrierOptions)
      return room === undefined ? 'unknown' : 'stored'
    },
    unstore(name) {
      checkFdName(name)
      send(`FDSTOREREMOVE=1\nFDNAME=${name}`, [], reportWaiting)
    },
    startWatchdog() {
      if (closed) throw closedError()
      if (watchdogMs === undefined) return () => {}
      let waits = false
      const say = () => {
        if (waits) return
        waits = true
        try {
          send('WATCHDOG=1', [], (refusal) => {
            waits = false
            reportWaiting(refusal)
          })
        } catch (error) {
          waits = false
          // The manager acts on the silence, if it is there at all.
          log('watchdog: %s', (error as Error).message)
        }
      }
      clearInterval(watchdog)
      const timer = setInterval(say, Math.max(1, Math.floor(watchdogMs / 2))).unref()
      watchdog = timer
      say()
      return () => clearInterval(timer)
    },
    close() {
      if (closed) return
      closed = true
      clearInterval(watchdog)
      queue?.close(closedError())
    },
    [Symbol.dispose]() {
      manager.close()
    },
  }
  return manager
}

function checkBarrier({ timeoutMs = 5_000, signal }: BarrierOptions): {
  timeoutMs: number
  signal: AbortSignal | undefined
} {
  checkInteger('timeoutMs', timeoutMs, 2 ** 31 - 1)
  checkSignal(signal)
  return { timeoutMs, signal }
}

function checkFds(fds: readonly number[]): void {
  if (!Array.isArray(fds)) throw invalidType('fds', 'an array of numbers', fds)
  if (fds.length === 0) throw invalidValue('fds', 'at least one descriptor', fds)
  for (const fd of fds) checkInteger('fds', fd, 2 ** 31 - 1)
}

function closedError(): RestartError {
  return new RestartError('The service manager was closed here', { code: 'ERR_RESTART_CLOSED' })
}
