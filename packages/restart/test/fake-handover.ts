import type {
  HandoverEnvironment,
  Line,
  LineMessage,
  Offspring,
  ProcessExit,
} from '../src/handover/environment.js'
import type { HandoverState, Incumbent } from '../src/handover/incumbent.js'

/** Lets everything happen that can happen without the clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Time passes when a test says so. */
export class FakeClock {
  #now = 0
  #timers: { at: number; call: () => void }[] = []

  now = () => this.#now

  timer = (delayMs: number, call: () => void): (() => void) => {
    const timer = { at: this.#now + delayMs, call }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  async advance(delayMs: number): Promise<void> {
    const until = this.#now + delayMs
    for (;;) {
      await settle()
      const next = this.#timers.sort((a, b) => a.at - b.at)[0]
      if (next === undefined || next.at > until) break
      this.#timers.shift()
      this.#now = next.at
      next.call()
    }
    this.#now = until
    await settle()
  }
}

/** Descriptor numbers, each of which may be closed once. */
export class FakeDescriptors {
  readonly open = new Set<number>()
  #next = 100

  make(): number {
    this.open.add(this.#next)
    return this.#next++
  }

  close = (fd: number): void => {
    if (!this.open.delete(fd)) throw new Error(`descriptor ${fd} was closed twice`)
  }
}

/** One end of a channel in memory. Descriptors are duplicated on the way, as the kernel does it. */
export class FakeLine implements Line {
  readonly fd: number
  readonly #descriptors: FakeDescriptors
  readonly #queue: (LineMessage | Error)[] = []
  #other!: FakeLine
  #wake: (() => void) | undefined
  #ended = false
  #closed = false
  #failure: Error | undefined
  closes = 0

  static pair(descriptors: FakeDescriptors): [FakeLine, FakeLine] {
    const ends: [FakeLine, FakeLine] = [new FakeLine(descriptors), new FakeLine(descriptors)]
    ends[0].#other = ends[1]
    ends[1].#other = ends[0]
    return ends
  }

  constructor(descriptors: FakeDescriptors) {
    this.#descriptors = descriptors
    this.fd = descriptors.make()
  }

  async send(message: object, fds: readonly number[] = []): Promise<void> {
    this.#put({ message: JSON.parse(JSON.stringify(message)), fds: fds.map(() => this.#descriptors.make()) })
  }

  async sendBytes(tag: string, bytes: Uint8Array): Promise<void> {
    this.#put({ tag, bytes })
  }

  /** What no message can be made of. */
  sendGarbage(): void {
    this.#put(Object.assign(new Error('malformed'), { code: 'ERR_RESTART_CHANNEL_MALFORMED' }))
  }

  /** The next message is lost with its descriptors. */
  failNextReceive(code: string): void {
    this.#failure = Object.assign(new Error(code), { code })
  }

  async receive({ signal }: { signal?: AbortSignal | undefined } = {}): Promise<LineMessage | undefined> {
    for (;;) {
      if (this.#closed) throw Object.assign(new Error('closed'), { code: 'ERR_RESTART_CHANNEL_CLOSED' })
      signal?.throwIfAborted()
      const next = this.#queue.shift()
      if (next instanceof Error) throw next
      if (next && this.#failure) {
        const failure = this.#failure
        this.#failure = undefined
        if ('fds' in next) next.fds.forEach(this.#descriptors.close)
        throw failure
      }
      if (next) return next
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
    }
  }

  ref(): void {}
  unref(): void {}

  close(): void {
    this.closes += 1
    if (this.#closed) return
    this.#closed = true
    this.#descriptors.close(this.fd)
    for (const each of this.#queue.splice(0)) if ('fds' in each) each.fds.forEach(this.#descriptors.close)
    this.#wake?.()
    this.#other.#ended = true
    this.#other.#wake?.()
  }

  get isClosed(): boolean {
    return this.#closed
  }

  #put(message: LineMessage | Error): void {
    if (this.#closed || this.#other.#closed) {
      if ('fds' in message) message.fds.forEach(this.#descriptors.close)
      throw Object.assign(new Error('broken pipe'), { code: 'EPIPE' })
    }
    this.#other.#queue.push(message)
    this.#other.#wake?.()
  }
}

/** A next version that does what a test tells it to. */
export class FakeOffspring implements Offspring {
  readonly line: FakeLine
  /** What the new version has of the channel. */
  readonly end: FakeLine
  readonly exited: Promise<ProcessExit>
  readonly stderrEnded: Promise<void>
  readonly signals: NodeJS.Signals[] = []
  readonly heard: { type: string; [field: string]: unknown }[] = []
  readonly said: string[] = []
  isAlive = true
  #exit!: (exit: ProcessExit) => void
  #fds: number[] = []
  #lastCount = 0

  constructor(
    readonly pid: number,
    readonly descriptors: FakeDescriptors,
    readonly obeysTerm: boolean,
  ) {
    ;[this.line, this.end] = FakeLine.pair(descriptors)
    this.exited = new Promise((resolve) => {
      this.#exit = resolve
    })
    this.stderrEnded = this.exited.then(() => {})
    void this.#listen()
  }

  stderrLines(): string[] {
    return ['last words']
  }

  unref(): void {}

  kill(signal: NodeJS.Signals): void {
    this.signals.push(signal)
    if (signal === 'SIGKILL' || this.obeysTerm) this.exit({ code: null, signal })
  }

  exit(exit: ProcessExit): void {
    if (!this.isAlive) return
    this.isAlive = false
    for (const fd of this.#fds.splice(0)) this.descriptors.close(fd)
    this.end.close()
    this.#exit(exit)
  }

  say(message: { type: string; [field: string]: unknown }): void {
    if (!this.isAlive || this.end.isClosed) return
    this.said.push(message.type)
    this.end.send(message).catch(() => {})
  }

  /** How many descriptors came with the last message. */
  get received(): number {
    return this.#lastCount
  }

  async #listen(): Promise<void> {
    try {
      for (;;) {
        const received = await this.end.receive()
        if (received === undefined) return
        if ('bytes' in received) this.heard.push({ type: `bytes ${received.tag}` })
        else {
          this.heard.push(received.message as { type: string })
          this.#fds.push(...received.fds)
          this.#lastCount = received.fds.length
        }
      }
    } catch {
      // Closed by exit().
    }
  }
}

export class FakeEnvironment extends FakeClock implements HandoverEnvironment {
  readonly descriptors = new FakeDescriptors()
  readonly spawned: FakeOffspring[] = []
  obeysTerm = true
  refuseSpawn = false

  closeFd = this.descriptors.close

  signal(): void {}

  async spawn(): Promise<FakeOffspring> {
    if (this.refuseSpawn) throw Object.assign(new Error('no'), { code: 'ERR_RESTART_SPAWN_FAILED' })
    const offspring = new FakeOffspring(1000 + this.spawned.length, this.descriptors, this.obeysTerm)
    this.spawned.push(offspring)
    return offspring
  }

  get child(): FakeOffspring {
    return this.spawned.at(-1)!
  }
}

/** A running version that remembers what was done to it. */
export class FakeIncumbent implements Incumbent {
  readonly pid = 1
  readonly generation = 4
  readonly coordinationPath = '/run/app.sock'
  readonly stderrFd: number
  readonly coordination: number
  readonly sockets: number[]
  accepting = true
  hasEstate = true
  mainPid = 1
  saves = 0
  undos: Error[] = []
  /** Made for a next version, and not taken back. */
  gifts = 0
  passed = 0
  reports: Error[] = []
  finishSave: ((state: HandoverState) => void) | undefined
  failSave: ((error: Error) => void) | undefined
  save: Incumbent['save']

  constructor(
    readonly descriptors: FakeDescriptors,
    { hasState = false, sockets = 2 } = {},
  ) {
    this.stderrFd = descriptors.make()
    this.coordination = descriptors.make()
    this.sockets = Array.from({ length: sockets }, () => descriptors.make())
    if (!hasState) return
    this.save = () => {
      this.saves += 1
      return new Promise((resolve, reject) => {
        this.finishSave = resolve
        this.failSave = reject
      })
    }
  }

  belongings() {
    this.gifts += 1
    return {
      passed: () => {
        this.passed += 1
      },
      cancel: () => {
        this.gifts -= 1
        this.passed -= 1
      },
      belongings: [{ kind: 'listen' as const, name: 'web', count: this.sockets.length }],
      fds: this.sockets,
    }
  }

  undo(cause: Error): void {
    this.undos.push(cause)
  }

  stopAccepting(): void {
    this.accepting = false
  }

  async resumeAccepting(): Promise<void> {
    this.accepting = true
  }

  async introduce(pid: number): Promise<void> {
    this.mainPid = pid
  }

  async releaseEstate() {
    this.hasEstate = false
    return { coordination: this.coordination, generations: [] }
  }

  async reclaimEstate(): Promise<void> {
    this.hasEstate = true
  }

  report(error: Error): void {
    this.reports.push(error)
  }
}
