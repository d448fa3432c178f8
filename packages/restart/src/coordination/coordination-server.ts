import { Socket } from 'node:net'
import { debuglog } from 'node:util'
import { binding } from '../binding.js'
import type { PeerCredentials } from '../channel/channel-binding.js'
import { checkBoolean, checkKnown } from '../errors/invalid-argument.js'
import type { Acceptor } from './acceptor.js'
import { Asker } from './asker.js'
import type { CoordinationHandler } from './coordination-handler.js'
import { checkDuration } from './duration.js'
import { failureOf } from './failure.js'
import { type Busy, type Done, PROTOCOL_VERSION, type Request, type RestartResult } from './protocol.js'
import { SharedRestart } from './shared-restart.js'

/** What a server is made of. */
export interface CoordinationSettings {
  path: string
  handler: CoordinationHandler
  allow(peer: PeerCredentials): boolean
  busy: Busy
  askTimeoutMs: number
  maxAskers: number
}

/** Ends a {@link CoordinationServer}. */
export interface CloseOptions {
  /** Whether the path goes too, if it still leads here. Default false: it belongs to the successor. */
  unlink?: boolean | undefined
  /** How long running requests may go on. Default 5,000 ms. */
  timeoutMs?: number | undefined
}

/** For the other side to read a refusal. */
const LINGER_MS = 1_000

const log = debuglog('slatfatf-restart')

/**
 * The coordination socket of an instance: takes requests, one a connection at a time, and answers them.
 *
 * It lives on whatever comes over the socket. Each connection costs a bounded amount of memory, and of time unless
 * its request is being done. It keeps the process alive until it is closed or `unref()`ed.
 */
export class CoordinationServer {
  readonly path: string
  readonly #acceptor: Acceptor
  readonly #settings: CoordinationSettings
  readonly #restart: SharedRestart
  readonly #askers = new Set<Asker>()
  #emptied: (() => void) | undefined
  #closing: Promise<void> | undefined

  /** Use `openCoordination` or `adoptCoordination`. */
  constructor(acceptor: Acceptor, settings: CoordinationSettings) {
    this.path = settings.path
    this.#acceptor = acceptor
    this.#settings = settings
    this.#restart = new SharedRestart(settings.handler)
    this.resume()
  }

  /** The listening descriptor, to be lent to a successor; -1 once it is closed. */
  get fd(): number {
    return this.#acceptor.fd
  }

  /** Accepts nobody until `resume()`; the kernel lets them wait. Who is connected goes on. */
  pause(): void {
    if (this.#closing === undefined) this.#acceptor.stop()
  }

  resume(): void {
    if (this.#closing === undefined) this.#acceptor.start((fd, peer) => this.#accepted(fd, peer))
  }

  ref(): void {
    this.#acceptor.ref()
  }

  unref(): void {
    this.#acceptor.unref()
  }

  /**
   * Accepts nobody from now on, and resolves when every running request is answered and all askers are gone.
   *
   * Requests that still run after `timeoutMs` are answered with `ERR_RESTART_CLOSED`; one second later all is
   * closed. A handler must not await this in what it answers with. Idempotent; never rejects.
   *
   * Throws TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE`.
   */
  close(options: CloseOptions = {}): Promise<void> {
    checkKnown('options', options, ['unlink', 'timeoutMs'])
    const { unlink = false, timeoutMs = 5_000 } = options
    checkBoolean('unlink', unlink)
    checkDuration('timeoutMs', timeoutMs)
    this.#closing ??= this.#close(unlink, timeoutMs)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(unlink: boolean, timeoutMs: number): Promise<void> {
    this.#acceptor.close(unlink)
    for (const asker of this.#askers) asker.end()
    await this.#isEmpty(timeoutMs)
    const message = 'the instance closes its coordination socket before this was done: how it ends is unknown'
    const hint = 'Ask whoever serves now for its status'
    for (const asker of this.#askers) {
      asker.answer({ ok: false, code: 'ERR_RESTART_CLOSED', message, hint })
    }
    await this.#isEmpty(LINGER_MS)
    for (const asker of this.#askers) asker.destroy()
  }

  #isEmpty(timeoutMs: number): Promise<void> {
    if (this.#askers.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#emptied = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #accepted(fd: number, peer: PeerCredentials): void {
    const socket = socketOf(fd)
    if (socket === undefined) return
    const limits = { askTimeoutMs: this.#settings.askTimeoutMs, lingerMs: LINGER_MS }
    const asker = new Asker(socket, limits, {
      request: (request) => this.#serve(asker, request),
      closed: () => {
        this.#askers.delete(asker)
        if (this.#askers.size === 0) this.#emptied?.()
      },
    })
    const hasRoom = this.#makeRoom()
    this.#askers.add(asker)
    try {
      this.#welcome(asker, peer, hasRoom)
    } catch (error) {
      asker.dismiss(failureOf(error))
    }
  }

  #welcome(asker: Asker, peer: PeerCredentials, hasRoom: boolean): void {
    if (!this.#isAllowed(peer)) {
      log('refused pid %d, uid %d, gid %d at %s', peer.pid, peer.uid, peer.gid, this.path)
      asker.dismiss({
        code: 'ERR_RESTART_NOT_PERMITTED',
        message: `uid ${peer.uid} may not ask this instance, which uid ${process.geteuid?.()} runs`,
        hint: 'Ask as the user that runs the instance, or as root',
      })
    } else if (!hasRoom) {
      const message = `${this.#askers.size - 1} others ask already`
      asker.dismiss({ code: 'ERR_RESTART_BUSY', message, hint: 'Ask again in a moment' })
    } else {
      const { pid, generation } = this.#settings.handler.identity()
      asker.hello({ versions: [PROTOCOL_VERSION], pid, generation })
    }
  }

  #isAllowed(peer: PeerCredentials): boolean {
    try {
      return this.#settings.allow(peer) === true
    } catch (error) {
      log('allow() threw, so pid %d is refused: %O', peer.pid, error)
      return false
    }
  }

  /** Who has been connected the longest without a request that is being done makes room for who comes. */
  #makeRoom(): boolean {
    if (this.#askers.size < this.#settings.maxAskers) return true
    for (const asker of this.#askers) {
      if (asker.isOpen) continue
      const message = 'others came while this connection asked nothing'
      asker.dismiss({ code: 'ERR_RESTART_BUSY', message })
      asker.destroy()
      this.#askers.delete(asker)
      return true
    }
    return false
  }

  #serve(asker: Asker, request: Request): void {
    if (request.type === 'restart') this.#serveRestart(asker, request.busy ?? this.#settings.busy)
    else this.#answer(asker, () => this.#fulfil(request))
  }

  async #fulfil(request: Exclude<Request, { type: 'restart' }>): Promise<Omit<Done, 'ok'>> {
    const { handler } = this.#settings
    switch (request.type) {
      case 'ping': {
        const { pid, generation } = handler.identity()
        return { pid, generation }
      }
      case 'status':
        return { status: await handler.status() }
      case 'stop':
        return { report: await handler.stop({ drainTimeoutMs: request.drainTimeoutMs }) }
      case 'rollback':
        return fieldsOf(await handler.rollback())
    }
  }

  #serveRestart(asker: Asker, busy: Busy): void {
    const wasRunning = this.#restart.isRunning
    if (wasRunning && busy === 'refuse') {
      const message = 'a restart is running already'
      asker.answer({ ok: false, code: 'ERR_RESTART_BUSY', message, hint: 'Ask for its status' })
      return
    }
    const { outcome, beganBeforeMs, leave } = this.#restart.join((progress) => asker.progress(progress))
    if (wasRunning && busy === 'wait') {
      const message = 'the restart that ran is over: ask again'
      const isOver = () => {
        leave()
        asker.answer({ ok: false, code: 'ERR_RESTART_BUSY', message, again: true })
      }
      outcome.then(isOver, isOver)
      return
    }
    this.#answer(asker, async () => {
      const fields = fieldsOf(await outcome.finally(leave))
      return beganBeforeMs === undefined ? fields : { ...fields, beganBeforeMs }
    })
  }

  #answer(asker: Asker, work: () => Promise<Omit<Done, 'ok'>>): void {
    work()
      .then((fields) => asker.answer({ ...fields, ok: true }))
      // Also when what the handler gave is no JSON.
      .catch((error) => asker.answer({ ok: false, ...failureOf(error) }))
  }
}

function socketOf(fd: number): Socket | undefined {
  try {
    // Who sends its request and ends its half, as `socat` does, waits for the answer.
    return new Socket({ fd, readable: true, writable: true, allowHalfOpen: true })
  } catch (error) {
    log('an asker could not be heard: %O', error)
    binding().closeFd(fd)
    return undefined
  }
}

function fieldsOf({ pid, generation, durationMs }: RestartResult): Omit<Done, 'ok'> {
  return { pid, generation, durationMs }
}
