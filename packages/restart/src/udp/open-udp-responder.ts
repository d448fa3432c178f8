import { binding } from '../binding.js'
import { checkFunction, checkKnown } from '../errors/invalid-argument.js'
import { callUser } from './call-user.js'
import { describeRoute, RECORD_HEADER_BYTES, type UdpPeer } from './route.js'
import { type ReaderState, SharedReader } from './shared-reader.js'
import { emptyReaderCounters, type UdpCounters } from './udp-counters.js'
import { checkPredecessor, checkReceiveBuffer, checkSocket, type UdpSocketSource } from './udp-options.js'
import { sendTo } from './udp-session.js'
import type { UdpSuccession } from './udp-succession.js'

/** One datagram, and the way to answer it. */
export interface UdpRequest {
  /** The callee's. */
  readonly message: Buffer
  readonly peer: UdpPeer
  /** As `send` of a session: false if the kernel did not take it. May be called later, more than once, or never. */
  answer(message: Uint8Array | string): boolean
}

/** Options of {@link openUdpResponder}. */
export interface UdpResponderOptions {
  onRequest: (request: UdpRequest) => void
  /** As for `openUdpServer`. */
  receiveBufferBytes?: number | undefined
  /** As for `openUdpServer`. */
  predecessor?: readonly number[] | undefined
}

/**
 * Answers datagrams that have nothing to do with each other, as DNS does, over restarts: exactly one instance reads the socket, the old one
 * finishes what it has read, and what comes in between waits in the socket.
 *
 * Costs and limits are those of `openUdpServer`, but that nothing is passed on. Requires Linux 4.12.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE`, RestartError `EPROTOTYPE` for what is no UDP socket
 */
export function openUdpResponder(listenSocket: UdpSocketSource, options: UdpResponderOptions): UdpResponder {
  return new UdpResponder(listenSocket, options)
}

const NO_SESSIONS: ReadonlyMap<string, unknown> = new Map()

/** See {@link openUdpResponder}. */
export class UdpResponder {
  /** Resolves when this instance reads the socket for the first time, or is closed. */
  readonly started: Promise<void>
  readonly #reader: SharedReader
  readonly #counters: UdpCounters
  readonly #onRequest: (request: UdpRequest) => void

  /** Responders come from {@link openUdpResponder}. */
  constructor(listenSocket: UdpSocketSource, options: UdpResponderOptions) {
    checkSocket(listenSocket)
    checkKnown('options', options, ['onRequest', 'receiveBufferBytes', 'predecessor'])
    checkFunction('onRequest', options.onRequest)
    checkReceiveBuffer(options.receiveBufferBytes)
    checkPredecessor(options.predecessor)
    this.#onRequest = options.onRequest
    this.#counters = { ...emptyReaderCounters(), delivered: 0, sent: 0, sendFailures: 0, kernelDrops: 0 }
    this.#reader = new SharedReader(listenSocket.fd, options.predecessor ?? [], this.#counters, {
      deliver: () => false,
      accept: (_key, record) => this.#hand(record),
      keys: () => NO_SESSIONS,
    })
    if (options.receiveBufferBytes !== undefined) {
      binding().setReceiveBuffer(this.#reader.fd, options.receiveBufferBytes)
    }
    this.started = this.#reader.started
  }

  get state(): ReaderState {
    return this.#reader.state
  }

  get counters(): UdpCounters {
    const { kernelDrops } = this.#counters
    return {
      ...this.#counters,
      kernelDrops: this.state === 'closed' ? kernelDrops : binding().droppedDatagrams(this.#reader.fd),
    }
  }

  /** As of `UdpServer`. @throws RestartError `ERR_RESTART_UDP_NOT_READING` */
  prepareSuccessor(): UdpSuccession {
    return this.#reader.prepareSuccessor()
  }

  /** Reads no more: what comes is the successor's, or waits in the socket. Requests that were read can still be answered. */
  stopAccepting(): void {
    this.#reader.stopAccepting()
  }

  /** Reads again; a successor stops first. */
  resumeAccepting(): void {
    this.#reader.resumeAccepting()
  }

  /** Requests can no longer be answered. Idempotent. */
  close(): void {
    if (this.state === 'closed') return
    this.#counters.kernelDrops = binding().droppedDatagrams(this.#reader.fd)
    this.#reader.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #hand(record: Buffer): void {
    // A copy: the next datagram is written to the same place.
    const copy = Buffer.from(record)
    const route = copy.subarray(1, RECORD_HEADER_BYTES)
    this.#counters.delivered++
    callUser(this.#onRequest, {
      message: copy.subarray(RECORD_HEADER_BYTES),
      peer: describeRoute(route),
      answer: (message) => this.state !== 'closed' && sendTo(this.#reader.fd, route, message, this.#counters),
    })
  }
}
