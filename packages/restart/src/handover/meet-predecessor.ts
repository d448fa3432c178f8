import { RestartError } from '../errors/restart-error.js'
import { isGone, type Line, type LineMessage } from './environment.js'
import { wrongVersion } from './failures.js'
import { type Belonging, HANDOVER_PROTOCOL, protocolError, readPredecessorMessage } from './messages.js'

/** Descriptors that came under one name; they belong to who has this. */
export interface Inherited extends Belonging {
  fds: number[]
}

/** What the running version gave to this one before it starts up. */
export interface Inheritance {
  /** The running version. */
  pid: number
  /** Which generation this process is. */
  generation: number
  /** The path of the coordination socket of the running version. */
  coordination: string | undefined
  belongings: Inherited[]
  state: { version: number; bytes: Uint8Array; fds: Map<string, number[]> } | undefined
  /** The real standard error; until it replaces descriptor 2, that is a pipe to the running version. */
  stderrFd: number | undefined
  /** False when the running version ended in the middle of it: there may be more that was lost with it. */
  complete: boolean
}

export interface MeetingEnvironment {
  pid: number
  /** How many more descriptors this process may have. */
  freeDescriptors(): number
  closeFd(fd: number): void
}

/** Calls for what is left of the limit when the inheritance is here: files, connections, the event loop. */
const RESERVED_DESCRIPTORS = 32

/**
 * The first half of a hand-over, from the new version's side. Ends with the word to begin, or when the running version is
 * gone; then there is what had come until then.
 *
 * Rejects with `ERR_RESTART_PROTOCOL`, `ERR_RESTART_PROTOCOL_VERSION`, `ERR_RESTART_DESCRIPTOR_LIMIT`,
 * `ERR_RESTART_DESCRIPTORS_LOST`, `ERR_RESTART_CANCELLED`, `ERR_RESTART_PREDECESSOR_SILENT`; the running version has been
 * told, and no descriptor is left open.
 */
export async function meetPredecessor(
  line: Line,
  environment: MeetingEnvironment,
  timeoutMs: number,
): Promise<Inheritance> {
  const meeting = new Meeting(line, environment, AbortSignal.timeout(timeoutMs))
  try {
    return await meeting.hold()
  } catch (error) {
    meeting.abandon()
    const { code, message } = error as { code?: string; message: string }
    // The line may be what is broken.
    await line.send({ type: 'fail', message, ...(code !== undefined && { code }) }).catch(() => {})
    throw error
  }
}

class Meeting {
  readonly #line: Line
  readonly #environment: MeetingEnvironment
  readonly #signal: AbortSignal
  readonly #inheritance: Inheritance = {
    pid: 0,
    generation: 0,
    coordination: undefined,
    belongings: [],
    state: undefined,
    stderrFd: undefined,
    complete: false,
  }
  #bytes: Uint8Array = new Uint8Array()
  /** Came with the last message, and nobody took them yet. */
  #loose: readonly number[] = []

  constructor(line: Line, environment: MeetingEnvironment, signal: AbortSignal) {
    this.#line = line
    this.#environment = environment
    this.#signal = signal
  }

  async hold(): Promise<Inheritance> {
    const inheritance = this.#inheritance
    if (!(await this.#say({ type: 'hello', protocol: HANDOVER_PROTOCOL, pid: this.#environment.pid })))
      return inheritance
    for (;;) {
      const received = await this.#receive()
      if (received === undefined) return inheritance
      if ('bytes' in received) {
        this.#bytes = received.bytes
        continue
      }
      const message = readPredecessorMessage(received.message)
      switch (message.type) {
        case 'welcome':
          if (message.protocol !== HANDOVER_PROTOCOL)
            throw wrongVersion('the running version', message.protocol)
          inheritance.pid = message.pid
          inheritance.generation = message.generation
          inheritance.coordination = message.coordination
          inheritance.stderrFd = this.#loose[0]
          this.#loose = this.#loose.slice(1)
          break
        case 'offer':
          if (!(await this.#take(message.belongings))) return inheritance
          break
        case 'begin':
          this.#completeState(message.state)
          inheritance.complete = true
          this.#closeLoose()
          return inheritance
        case 'cancel':
          throw new RestartError(`the running version cancelled the restart: ${message.message}`, {
            code: 'ERR_RESTART_CANCELLED',
          })
        default:
          throw protocolError(`the running version said "${message.type}" before "begin"`)
      }
    }
  }

  /** Closes what has come. */
  abandon(): void {
    const { belongings, stderrFd } = this.#inheritance
    this.#closeLoose()
    for (const { fds } of belongings) for (const fd of fds) this.#environment.closeFd(fd)
    if (stderrFd !== undefined) this.#environment.closeFd(stderrFd)
  }

  /** False when the running version ended meanwhile. */
  async #take(offered: Belonging[]): Promise<boolean> {
    const needed = offered.reduce((sum, { count }) => sum + count, 0)
    const free = Math.max(0, this.#environment.freeDescriptors() - RESERVED_DESCRIPTORS)
    if (needed > free) {
      await this.#say({ type: 'refuse', needed, free })
      throw new RestartError(`${needed} descriptors are handed over, there is room for ${free}`, {
        code: 'ERR_RESTART_DESCRIPTOR_LIMIT',
        hint: 'Raise the limit of open files: LimitNOFILE= in the unit, ulimit -n in a shell',
      })
    }
    if (!(await this.#say({ type: 'accept', count: needed }))) return false
    const received = await this.#receive()
    if (received === undefined) return false
    if ('bytes' in received || readPredecessorMessage(received.message).type !== 'descriptors') {
      throw protocolError('the running version sent something else than the descriptors that it had offered')
    }
    const { fds } = received
    if (fds.length !== needed) {
      throw new RestartError(`${needed} descriptors were offered, ${fds.length} came`, {
        code: 'ERR_RESTART_DESCRIPTORS_LOST',
      })
    }
    this.#loose = []
    let at = 0
    for (const belonging of offered) {
      this.#inheritance.belongings.push({ ...belonging, fds: fds.slice(at, at + belonging.count) })
      at += belonging.count
    }
    return this.#say({ type: 'received', count: fds.length })
  }

  #completeState(described: { version: number; bytes: number } | null): void {
    const inheritance = this.#inheritance
    if (described === null) return
    if (described.bytes !== this.#bytes.byteLength) {
      throw protocolError(`a state of ${described.bytes} bytes was announced, ${this.#bytes.byteLength} came`)
    }
    const isState = ({ kind }: Inherited) => kind === 'state'
    const fds = new Map(inheritance.belongings.filter(isState).map(({ name, fds }) => [name, fds]))
    inheritance.state = { version: described.version, bytes: this.#bytes, fds }
  }

  #closeLoose(): void {
    for (const fd of this.#loose) this.#environment.closeFd(fd)
    this.#loose = []
  }

  async #receive(): Promise<LineMessage | undefined> {
    this.#closeLoose()
    try {
      const received = await this.#line.receive({ signal: this.#signal })
      if (received && 'fds' in received) this.#loose = received.fds
      return received
    } catch (error) {
      if (isGone(error)) return undefined
      if (!this.#signal.aborted) throw error
      throw new RestartError('the running version started this one and then said nothing', {
        code: 'ERR_RESTART_PREDECESSOR_SILENT',
        cause: error,
      })
    }
  }

  async #say(message: object): Promise<boolean> {
    try {
      await this.#line.send(message)
      return true
    } catch (error) {
      if (isGone(error)) return false
      throw error
    }
  }
}
