import { binding } from '../binding.js'
import { boundedWait, checkWaitOptions, type WaitOptions, waitOptionNames } from '../channel/bounded-wait.js'
import { checkFunction, checkInteger, checkKnown } from '../errors/invalid-argument.js'
import { callUser } from './call-user.js'
import { describeRoute, RECORD_HEADER_BYTES, type UdpPeer } from './route.js'
import { type DatagramUser, type ReaderState, SharedReader } from './shared-reader.js'
import { emptyReaderCounters, type UdpSessionCounters } from './udp-counters.js'
import { checkPredecessor, checkReceiveBuffer, checkSocket, type UdpSocketSource } from './udp-options.js'
import { type SessionOwner, type UdpCloseReason, UdpSession } from './udp-session.js'
import type { UdpSuccession } from './udp-succession.js'

const MAX_TIMER_MS = 0x7fffffff

/** Options of {@link openUdpServer}. */
export interface UdpServerOptions {
  /** A stranger has written. Set `session.onMessage` here: it gets this first message too. */
  onSession: (session: UdpSession) => void
  /** Asked before a session is made of a stranger; false drops the message. A cheap look here keeps floods out. */
  accept?: ((message: Buffer, peer: UdpPeer) => boolean) | undefined
  /** Silent for so long, a peer is gone; noticed up to a quarter later. Default 60,000; 0: never. */
  idleMs?: number | undefined
  /** Strangers above it are refused, and counted. Default 10,000. */
  maxSessions?: number | undefined
  /** Asks for a larger receive buffer of the socket, which bridges the moment when no instance reads. Default: the system's. */
  receiveBufferBytes?: number | undefined
  /** `UdpSuccession.fds` of the instance before, in that order; owned by the server from here on. It does not read until that one stops. */
  predecessor?: readonly number[] | undefined
}

/**
 * Serves UDP peers as sessions that outlive a restart: the new instance takes new peers, the old one keeps its own until they end.
 *
 * All instances share one socket, and exactly one reads it at any time. The one that reads gives datagrams of older instances' sessions
 * to them over a Unix socket; they answer through the UDP socket directly. So a restart loses nothing and gives nothing to the wrong
 * instance, whatever the port, the kernel and the number of sessions, as long as the receive buffer is large enough and no
 * instance hangs. A session costs no descriptor. If the instance that reads dies, what it has read is lost, and the one
 * before it reads again, for its own sessions.
 *
 * The price: while old sessions last, each of their datagrams costs the new instance 7 µs (many at once) to 29 µs (each alone) of CPU time,
 * takes one wake-up longer (a round trip of 300 instead of 165 µs on two busy cores), and waits if the new one's event loop is
 * busy. Between the old instance's last read and the new one's first, datagrams wait in the socket's receive
 * buffer: a few milliseconds, for which the default of 208 KiB has room for about 270 small ones; `receiveBufferBytes`
 * makes it larger. If an old instance hangs, the new one waits up to a second for it, and its peers become new ones.
 * A session takes 0.5 KiB of heap.
 *
 * Why not a connected socket for each session, which the kernel would prefer: all of them have the same local port, and every datagram
 * from a stranger walks their whole chain, measured on Linux 6.18 with 4 µs for 0, 10 for 1,000, 86 for 5,000 and 380 for
 * 15,000 sessions; before 6.13 those of the sessions too (net/ipv4/udp.c, udp4_lib_lookup2). Each takes a descriptor, 2.3 KiB and,
 * below port 1024, CAP_NET_BIND_SERVICE. Why not SO_REUSEPORT with an eBPF program: it needs CAP_BPF. In prototypes whose loops paused for
 * 3 ms, 30 restarts each: connected sockets lost 540 of 315,000 datagrams and had 351 answered by the wrong instance if what reaches a
 * socket between bind and connect is thrown away, and 0 and 4 of 288,000 if it is passed on; eBPF 0 and 240 of
 * 250,000, of peers that wrote while the old instance was busy; this way 0 and 0 of 175,000.
 *
 * Requires Linux 4.12. The process stays alive until `close()`.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE`, RestartError `EPROTOTYPE` for what is no UDP socket
 */
export function openUdpServer(listenSocket: UdpSocketSource, options: UdpServerOptions): UdpServer {
  return new UdpServer(listenSocket, options)
}

/** See {@link openUdpServer}. */
export class UdpServer {
  /** Those of this instance. */
  readonly sessions: ReadonlySet<UdpSession>
  /** Resolves when this instance reads the socket for the first time, or is closed. */
  readonly started: Promise<void>
  readonly #sessions = new Set<UdpSession>()
  readonly #byKey = new Map<string, UdpSession>()
  readonly #reader: SharedReader
  readonly #counters: UdpSessionCounters
  readonly #options: UdpServerOptions
  readonly #maxSessions: number
  readonly #owner: SessionOwner
  readonly #waiters = new Set<() => void>()
  readonly #idleTimer: NodeJS.Timeout | undefined

  /** Servers come from {@link openUdpServer}. */
  constructor(listenSocket: UdpSocketSource, options: UdpServerOptions) {
    checkSocket(listenSocket)
    checkOptions(options)
    const { idleMs = 60_000, maxSessions = 10_000, receiveBufferBytes, predecessor = [] } = options
    this.#options = options
    this.#maxSessions = maxSessions
    this.sessions = this.#sessions
    this.#counters = {
      ...emptyReaderCounters(),
      ...{ delivered: 0, sent: 0, sendFailures: 0, kernelDrops: 0, opened: 0, idle: 0 },
      ...{ refusedLimit: 0, refusedByFilter: 0, unheard: 0 },
    }
    const user: DatagramUser = {
      deliver: (key, record) => this.#deliver(key, record),
      accept: (key, record) => this.#accept(key, record),
      keys: () => this.#byKey,
    }
    this.#reader = new SharedReader(listenSocket.fd, predecessor, this.#counters, user)
    if (receiveBufferBytes !== undefined) binding().setReceiveBuffer(this.#reader.fd, receiveBufferBytes)
    this.#owner = {
      fd: this.#reader.fd,
      counters: this.#counters,
      end: (key, session, reason) => this.#end(key, session, reason),
    }
    this.started = this.#reader.started
    // A successor that was dismissed closes by itself.
    void this.started.then(() => {
      if (this.state === 'closed') clearInterval(this.#idleTimer)
    })
    if (idleMs > 0) this.#idleTimer = setInterval(() => this.#sweep(idleMs), Math.ceil(idleMs / 4)).unref()
  }

  /** `waiting` and `asking` become `reading`; `handed`: a successor reads. */
  get state(): ReaderState {
    return this.#reader.state
  }

  get counters(): UdpSessionCounters {
    const { kernelDrops } = this.#counters
    return {
      ...this.#counters,
      forwardOverflows: this.#reader.overflows,
      kernelDrops: this.state === 'closed' ? kernelDrops : binding().droppedDatagrams(this.#reader.fd),
    }
  }

  /**
   * Makes what the next instance needs as `predecessor`. It does not read until this one stops accepting, or dies.
   *
   * @throws RestartError `ERR_RESTART_UDP_NOT_READING` if there is a successor already, or this instance does not read
   */
  prepareSuccessor(): UdpSuccession {
    return this.#reader.prepareSuccessor()
  }

  /**
   * Takes no new peers from now on; sessions go on. With a successor, that one reads; with none, strangers are refused and counted while
   * there are sessions, and then left in the socket's buffer for whoever comes.
   */
  stopAccepting(): void {
    this.#reader.stopAccepting()
  }

  /** Takes new peers again; a successor gives the socket back, and keeps the sessions it has. */
  resumeAccepting(): void {
    this.#reader.resumeAccepting()
  }

  /**
   * Waits until there is no session here.
   *
   * @throws the signal's reason; RestartError `ERR_RESTART_TIMED_OUT`
   */
  async whenEmpty(options: WaitOptions = {}): Promise<void> {
    checkKnown('options', options, waitOptionNames)
    checkWaitOptions(options)
    await boundedWait<void>('waiting for UDP sessions to end', options, (resolve) => {
      if (this.#sessions.size === 0) resolve()
      else this.#waiters.add(resolve)
      return () => this.#waiters.delete(resolve)
    })
  }

  /** Ends all sessions and stops reading. The socket itself stays open where others have it. Idempotent. */
  close(): void {
    if (this.state === 'closed') return
    this.#counters.kernelDrops = binding().droppedDatagrams(this.#reader.fd)
    clearInterval(this.#idleTimer)
    for (const session of this.#sessions) session.end('server closed')
    this.#reader.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #deliver(key: string, record: Buffer): boolean {
    const session = this.#byKey.get(key)
    if (session === undefined) return false
    session.heard()
    this.#hand(session, record)
    return true
  }

  #accept(key: string, record: Buffer): void {
    if (this.#sessions.size >= this.#maxSessions) {
      this.#counters.refusedLimit++
      return
    }
    const { accept, onSession } = this.#options
    if (accept !== undefined) {
      const peer = describeRoute(record.subarray(1, RECORD_HEADER_BYTES))
      if (callUser(accept, Buffer.from(record.subarray(RECORD_HEADER_BYTES)), peer) !== true) {
        this.#counters.refusedByFilter++
        return
      }
    }
    const session = new UdpSession(key, this.#owner)
    this.#byKey.set(key, session)
    this.#sessions.add(session)
    this.#counters.opened++
    callUser(onSession, session)
    this.#hand(session, record)
  }

  #hand(session: UdpSession, record: Buffer): void {
    // Whoever closes it at once wants no message of it.
    if (session.isClosed || session.onMessage === undefined) {
      this.#counters.unheard++
      return
    }
    this.#counters.delivered++
    // A copy: the next datagram is written to the same place.
    callUser(session.onMessage, Buffer.from(record.subarray(RECORD_HEADER_BYTES)))
  }

  #end(key: string, session: UdpSession, reason: UdpCloseReason): void {
    this.#byKey.delete(key)
    this.#sessions.delete(session)
    this.#reader.sessionEnded(key)
    callUser(session.onClose, reason)
    if (this.#sessions.size > 0) return
    for (const resolve of this.#waiters) resolve()
    this.#waiters.clear()
  }

  #sweep(idleMs: number): void {
    for (const session of this.#sessions) {
      if (session.silentMs < idleMs) continue
      this.#counters.idle++
      session.end('idle')
    }
  }
}

function checkOptions(options: UdpServerOptions): void {
  checkKnown('options', options, [
    ...['onSession', 'accept', 'idleMs', 'maxSessions', 'receiveBufferBytes', 'predecessor'],
  ])
  checkFunction('onSession', options.onSession)
  if (options.accept !== undefined) checkFunction('accept', options.accept)
  if (options.idleMs !== undefined) checkInteger('idleMs', options.idleMs, MAX_TIMER_MS)
  if (options.maxSessions !== undefined) checkInteger('maxSessions', options.maxSessions, 10_000_000)
  checkReceiveBuffer(options.receiveBufferBytes)
  checkPredecessor(options.predecessor)
}
