import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FakeEnvironment, FakeIncumbent, type FakeOffspring, settle } from '../../test/fake-handover.js'
import { Succession } from './succession.js'

type Event =
  | { do: 'restart' | 'rollback' | 'stop' | 'save' | 'fail save' | 'close channel' | 'garbage' }
  | { do: 'proceed'; steps: number }
  | { do: 'say'; type: string }
  | { do: 'exit'; code: number }
  | { do: 'wait'; delayMs: number }

/** What the new version would say next if it behaved; most events are that, or hand-overs would rarely get anywhere. */
function rightWord({ heard, said, pid, received }: FakeOffspring): { type: string } | undefined {
  const has = (type: string) => heard.some((message) => message.type === type)
  const count = (type: string) => heard.filter((message) => message.type === type).length
  const spoke = (type: string) => said.filter((each) => each === type).length
  if (spoke('hello') === 0) return { type: 'hello', protocol: 1, pid } as { type: string }
  if (count('offer') > spoke('accept')) return { type: 'accept', count: 2 } as { type: string }
  if (count('descriptors') > spoke('received'))
    return { type: 'received', count: received } as { type: string }
  if (has('begin') && spoke('ready') === 0) return { type: 'ready', claimed: [] } as { type: string }
  if (has('commit') && spoke('committed') === 0) return { type: 'committed' }
  return undefined
}

const words: Record<string, object> = {
  hello: { protocol: 1, pid: 1 },
  accept: { count: 2 },
  refuse: { needed: 2, free: 0 },
  received: { count: 1 },
  heartbeat: { extendMs: 60_000 },
  ready: { claimed: [] },
  fail: { message: 'no' },
  committed: {},
  nonsense: {},
}

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.integer({ min: 1, max: 8 }).map((steps): Event => ({ do: 'proceed', steps })),
  },
  { weight: 3, arbitrary: fc.constant<Event>({ do: 'restart' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...Object.keys(words)).map((type): Event => ({ do: 'say', type })),
  },
  { weight: 1, arbitrary: fc.nat(2).map((code): Event => ({ do: 'exit', code })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, 300, 6_000, 40_000).map((delayMs): Event => ({ do: 'wait', delayMs })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Event>(
      { do: 'rollback' },
      { do: 'stop' },
      { do: 'save' },
      { do: 'fail save' },
      { do: 'close channel' },
      { do: 'garbage' },
    ),
  },
)

const settings = fc.record({
  readyTimeoutMs: fc.constant(30_000),
  holdMs: fc.constantFrom(0, 5_000),
  stateMaxBytes: fc.constant(100),
  stateTimeoutMs: fc.constant(10_000),
  retireTimeoutMs: fc.constant(35_000),
})

class World {
  readonly environment = new FakeEnvironment()
  readonly incumbent: FakeIncumbent
  readonly succession: Succession
  readonly answers: Promise<unknown>[] = []
  answered = 0
  superseded = 0
  stopped = false
  #undosSeen = 0
  #savesSeen = 0

  constructor(
    options: { holdMs: number; readyTimeoutMs: number; stateMaxBytes: number; stateTimeoutMs: number } & {
      retireTimeoutMs: number
    },
    hasState: boolean,
    obeysTerm: boolean,
  ) {
    this.environment.obeysTerm = obeysTerm
    this.incumbent = new FakeIncumbent(this.environment.descriptors, { hasState })
    const spawn = this.environment.spawn.bind(this.environment)
    this.environment.spawn = async () => {
      // Never two at once: an earlier one is dead, or was sent back after it had served.
      for (const each of this.environment.spawned) {
        if (each.isAlive) expect(each.heard.at(-1)?.type).toBe('retire')
      }
      return spawn()
    }
    this.succession = new Succession(
      this.incumbent,
      this.environment,
      () => options,
      () => {
        this.superseded += 1
        this.incumbent.stopAccepting()
        this.incumbent.sockets.splice(0)
      },
    )
    this.succession.serve()
  }

  async happen(event: Event): Promise<void> {
    const { environment, incumbent, succession } = this
    const child: FakeOffspring | undefined = environment.child
    switch (event.do) {
      case 'restart':
        this.#ask()
        break
      case 'rollback':
        succession.rollback().catch(() => {})
        break
      case 'stop':
        this.stopped = true
        void succession.stop('SIGTERM')
        break
      case 'save':
        incumbent.finishSave?.({ version: 1, bytes: new Uint8Array(4), fds: new Map() })
        break
      case 'fail save':
        incumbent.failSave?.(new Error('no'))
        break
      case 'proceed':
        for (let step = 0; step < event.steps; step++) await this.#proceed()
        break
      case 'say':
        child?.say({ type: event.type, ...words[event.type] })
        break
      case 'garbage':
        if (child?.isAlive && !child.end.isClosed) child.end.sendGarbage()
        break
      case 'close channel':
        child?.end.close()
        break
      case 'exit':
        child?.exit({ code: event.code, signal: null })
        break
      case 'wait':
        await environment.advance(event.delayMs)
        break
    }
    await settle()
    this.check()
  }

  async #proceed(): Promise<void> {
    const child: FakeOffspring | undefined = this.environment.child
    const word = child && rightWord(child)
    if (word) child.say(word)
    else this.incumbent.finishSave?.({ version: 1, bytes: new Uint8Array(4), fds: new Map() })
    await settle()
    this.check()
  }

  #ask(): void {
    const before = this.answered
    const answer = this.succession.restart().then(
      () => this.answered++,
      (error) => {
        expect(error.code).toMatch(/^ERR_RESTART_/)
        this.answered++
      },
    )
    this.answers.push(answer)
    expect(before).toBeLessThanOrEqual(this.answers.length)
  }

  /** Holds whenever nothing but the clock can go on. */
  check(): void {
    const { environment, incumbent, succession } = this
    expect(this.superseded).toBeLessThanOrEqual(1)
    expect(this.superseded === 1).toBe(succession.state === 'draining')
    const child = environment.child as FakeOffspring | undefined
    const newOneServes = child?.isAlive === true && child.said.includes('ready')
    // Never nobody; the new version that has taken over is its own master.
    if (this.superseded === 0) expect(incumbent.accepting || newOneServes).toBe(true)
    else expect(incumbent.accepting).toBe(false)
    // A service manager hears of a version when nothing can fail any more.
    if (incumbent.mainPid !== incumbent.pid) expect(child?.said).toContain('committed')
    // Once for each save that came to nothing, and never more.
    expect(incumbent.undos.length).toBeGreaterThanOrEqual(this.#undosSeen)
    expect(incumbent.undos.length).toBeLessThanOrEqual(incumbent.saves)
    this.#undosSeen = incumbent.undos.length
    this.#savesSeen = incumbent.saves
    expect(incumbent.reports).toEqual([])
  }

  async end(): Promise<void> {
    const { environment, incumbent, succession } = this
    await environment.advance(1_000_000)
    this.check()
    expect(this.answered).toBe(this.answers.length)
    await Promise.all(this.answers)
    await succession.alone()
    expect(incumbent.undos.length).toBe(incumbent.saves - this.#savedFor())
    expect(incumbent).toMatchObject({ gifts: this.superseded, passed: this.superseded })
    if (this.superseded === 0) {
      expect(succession.state).toBe(this.stopped ? 'stopping' : 'serving')
      expect(incumbent).toMatchObject({ accepting: true, hasEstate: true, mainPid: incumbent.pid })
      expect(environment.spawned.filter(({ isAlive }) => isAlive)).toEqual([])
    } else {
      environment.child.exit({ code: 0, signal: null })
      environment.child.line.close()
    }
    await settle()
    for (const { line } of environment.spawned) expect(line.isClosed).toBe(true)
    // What is left is the incumbent's own.
    const own = new Set([incumbent.stderrFd, incumbent.coordination, ...incumbent.sockets])
    if (this.superseded === 0) expect(environment.descriptors.open).toEqual(own)
  }

  #savedFor(): number {
    return this.superseded === 1 && this.#savesSeen > 0 ? 1 : 0
  }
}

test('in any order of events somebody serves, one version comes at a time, all are answered, undo is called once', async () => {
  let successions = 0
  const property = fc.asyncProperty(
    settings,
    fc.boolean(),
    fc.boolean(),
    fc.array(event, { maxLength: 40 }),
    async (options, hasState, obeysTerm, events) => {
      const world = new World(options, hasState, obeysTerm)
      for (const each of events) await world.happen(each)
      await world.end()
      successions += world.superseded
    },
  )
  await fc.assert(property, { numRuns: 400 })
  // The property would hold as well if no hand-over ever got through.
  expect(successions).toBeGreaterThan(20)
})
