import { expect, test } from 'vitest'
import { FakeEnvironment, FakeIncumbent, settle } from '../../test/fake-handover.js'
import type { AttemptSettings, Successor } from './attempt.js'
import { Succession } from './succession.js'

interface Scene {
  environment: FakeEnvironment
  incumbent: FakeIncumbent
  succession: Succession
  successors: Successor[]
}

function scene(settings: Partial<AttemptSettings> = {}, options: { hasState?: boolean } = {}): Scene {
  const environment = new FakeEnvironment()
  const incumbent = new FakeIncumbent(environment.descriptors, options)
  const successors: Successor[] = []
  const all = {
    readyTimeoutMs: 30_000,
    holdMs: 0,
    stateMaxBytes: 100,
    stateTimeoutMs: 10_000,
    retireTimeoutMs: 35_000,
    ...settings,
  }
  const succession = new Succession(
    incumbent,
    environment,
    () => all,
    (successor) => {
      incumbent.stopAccepting()
      successors.push(successor)
    },
  )
  succession.serve()
  return { environment, incumbent, succession, successors }
}

/** The new version says all that it has to say until it has begun to start up. */
async function meet({ environment }: Scene): Promise<void> {
  await settle()
  const { child } = environment
  child.say({ type: 'hello', protocol: 1, pid: child.pid })
  await settle()
  child.say({ type: 'accept', count: 2 })
  await settle()
  child.say({ type: 'received', count: 2 })
  await settle()
}

async function getReady(all: Scene): Promise<void> {
  await meet(all)
  all.environment.child.say({ type: 'ready', claimed: ['web'] })
  await settle()
}

const types = ({ environment }: Scene) => environment.child.heard.map(({ type }) => type)

test('a restart that goes well hands over sockets, then what only one can have, and answers', async () => {
  const all = scene()
  const stages: string[] = []
  const result = all.succession.restart((stage) => stages.push(stage))
  await getReady(all)
  // A service manager hears of it when nothing can fail any more, and before anybody who asked.
  expect(all.incumbent.mainPid).toBe(1)
  expect(all.succession.state).toBe('restarting')
  expect(all.incumbent.accepting).toBe(true)
  all.environment.child.say({ type: 'committed' })
  await settle()
  expect(all.incumbent.mainPid).toBe(1000)
  expect(await result).toMatchObject({ pid: 1000, generation: 5 })
  expect(types(all)).toEqual(['welcome', 'offer', 'descriptors', 'begin', 'commit', 'own'])
  expect(stages).toEqual(['spawning', 'starting', 'handing-over', 'waiting', 'ready'])
  expect(all.succession.state).toBe('draining')
  expect(all.successors).toHaveLength(1)
  expect(all.incumbent.accepting).toBe(false)
  await expect(all.succession.restart()).rejects.toMatchObject({ code: 'ERR_RESTART_SUPERSEDED' })
})

test('nothing but the words of the new version is the error, with its exit status and its last lines', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  const { child } = all.environment
  child.say({ type: 'fail', message: 'config: port 99999 is no port', code: 'EX_CONFIG' })
  child.exit({ code: 78, signal: null })
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_FAILED',
    message: 'config: port 99999 is no port',
    stage: 'waiting',
    exit: { code: 78, signal: null },
    stderr: ['last words'],
    cause: { code: 'EX_CONFIG' },
  })
  expect(child.signals).toEqual([])
  expect(all.succession.state).toBe('serving')
})

test('an exit that is seen before the last message does not hide the words in it', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  const { child } = all.environment
  child.exit({ code: 1, signal: null })
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_CHILD_EXITED', exit: { code: 1 } })
})

test.each([
  ['before it said hello', 0],
  ['before it took the sockets', 1],
  ['while it starts', 4],
])('a new version that hangs %s is killed and reaped at the bound', async (_, steps) => {
  const all = scene()
  all.environment.obeysTerm = false
  const result = all.succession.restart()
  result.catch(() => {})
  await settle()
  const { child } = all.environment
  const words = [
    { type: 'hello', protocol: 1, pid: child.pid },
    { type: 'accept', count: 2 },
    { type: 'received', count: 2 },
  ]
  for (const word of words.slice(0, steps)) {
    child.say(word)
    await settle()
  }
  await all.environment.advance(30_000)
  expect(child.signals).toEqual(['SIGTERM'])
  await all.environment.advance(2_000)
  expect(child.signals).toEqual(['SIGTERM', 'SIGKILL'])
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_READY_TIMEOUT',
    exit: { signal: 'SIGKILL' },
  })
})

test('a new version that asks for more time gets it', async () => {
  const all = scene()
  const result = all.succession.restart()
  await meet(all)
  const { child } = all.environment
  for (let beat = 0; beat < 4; beat++) {
    await all.environment.advance(20_000)
    child.say({ type: 'heartbeat', extendMs: 25_000 })
    await settle()
  }
  await all.environment.advance(20_000)
  child.say({ type: 'ready', claimed: [] })
  await settle()
  child.say({ type: 'committed' })
  expect(await result).toMatchObject({ pid: 1000 })
})

test('after the last extension the bound holds', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  await all.environment.advance(20_000)
  all.environment.child.say({ type: 'heartbeat', extendMs: 25_000 })
  await all.environment.advance(25_001)
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_READY_TIMEOUT' })
})

test.each([
  ['says ready without hello', [{ type: 'ready', claimed: [] }]],
  ['says hello twice', ['meet', { type: 'hello', protocol: 1, pid: 1 }]],
  ['says ready twice', ['meet', { type: 'ready', claimed: [] }, { type: 'ready', claimed: [] }]],
  ['says that it is committed before anybody asked', ['meet', { type: 'committed' }]],
  ['says what nobody knows', [{ type: 'hi' }]],
  ['says hello without a version', [{ type: 'hello', pid: 1 }]],
])('a new version that %s is refused, and this one serves on', async (_, steps) => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await settle()
  for (const step of steps) {
    if (step === 'meet') await meet(all)
    else all.environment.child.say(step as { type: string })
  }
  await settle()
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_PROTOCOL' })
  expect(all.incumbent.accepting).toBe(true)
  expect(all.incumbent.hasEstate).toBe(true)
  expect(all.environment.child.isAlive).toBe(false)
})

test('garbage on the channel is a clear answer', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  all.environment.child.end.sendGarbage()
  await settle()
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_MALFORMED' })
})

test('another version of the hand-over is refused in words', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await settle()
  all.environment.child.say({ type: 'hello', protocol: 2, pid: 1000 })
  await settle()
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_PROTOCOL_VERSION',
    message: 'the new version speaks version 2 of the hand-over, this process version 1',
  })
})

test('a new version that closes its channel and lives on is told from one that ends', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  all.environment.child.end.close()
  await all.environment.advance(1_000)
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_CHANNEL_CLOSED' })
  expect(all.environment.child.isAlive).toBe(false)
})

test('a new version without room for the sockets is told so by number', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await settle()
  const { child } = all.environment
  child.say({ type: 'hello', protocol: 1, pid: child.pid })
  await settle()
  child.say({ type: 'refuse', needed: 2, free: 1 })
  await settle()
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_DESCRIPTOR_LIMIT', stage: 'handing-over' })
})

test('who asks while a restart runs shares it, and hears how far it is', async () => {
  const all = scene()
  const first = all.succession.restart()
  await meet(all)
  const stages: string[] = []
  const second = all.succession.restart((stage) => stages.push(stage))
  all.environment.child.say({ type: 'ready', claimed: [] })
  await settle()
  all.environment.child.say({ type: 'committed' })
  expect(await second).toEqual(await first)
  expect(stages).toEqual(['waiting', 'ready'])
  expect(all.environment.spawned).toHaveLength(1)
})

test('after a failed restart another one can be tried', async () => {
  const all = scene()
  all.environment.refuseSpawn = true
  await expect(all.succession.restart()).rejects.toMatchObject({ code: 'ERR_RESTART_SPAWN_FAILED' })
  all.environment.refuseSpawn = false
  const result = all.succession.restart()
  await getReady(all)
  all.environment.child.say({ type: 'committed' })
  expect(await result).toMatchObject({ pid: 1000 })
})

test('undo is called when the new version fails after the state was saved, once, and when it is gone', async () => {
  const all = scene({}, { hasState: true })
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  all.incumbent.finishSave!({ version: 1, bytes: new Uint8Array(3), fds: new Map() })
  await settle()
  expect(types(all)).toEqual(['welcome', 'offer', 'descriptors', 'bytes state', 'begin'])
  let aliveAtUndo: boolean | undefined
  all.incumbent.undo = (cause) => {
    aliveAtUndo = all.environment.child.isAlive
    all.incumbent.undos.push(cause)
  }
  all.environment.child.exit({ code: 1, signal: null })
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_CHILD_EXITED' })
  expect(all.incumbent.undos).toHaveLength(1)
  expect(aliveAtUndo).toBe(false)
})

test.each<[string, (all: Scene) => void | Promise<void>, string]>([
  ['fails', ({ incumbent }) => incumbent.failSave!(new Error('ENOSPC: no space left')), 'no space left'],
  [
    'is too large',
    ({ incumbent }) => incumbent.finishSave!({ version: 1, bytes: new Uint8Array(101), fds: new Map() }),
    '101 bytes',
  ],
  ['takes too long', ({ environment }) => environment.advance(10_000), 'not done within 10000 ms'],
])('a save that %s fails the restart, and undo is called', async (_, act, words) => {
  const all = scene({}, { hasState: true })
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  await act(all)
  await settle()
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_STATE_FAILED',
    message: expect.stringContaining(words),
  })
  expect(all.incumbent.undos).toHaveLength(1)
})

test('an undo that throws hides nothing', async () => {
  const all = scene({}, { hasState: true })
  all.incumbent.undo = () => {
    throw new Error('undo is broken')
  }
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  all.environment.child.exit({ code: 3, signal: null })
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    hint: 'undo() failed too: undo is broken',
  })
  expect(all.incumbent.reports).toMatchObject([{ message: 'undo is broken' }])
})

test('a restart that fails before the state was asked for undoes nothing', async () => {
  const all = scene({}, { hasState: true })
  const result = all.succession.restart()
  result.catch(() => {})
  await settle()
  all.environment.child.exit({ code: 1, signal: null })
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    stderr: ['last words'],
  })
  expect(all.incumbent.undos).toHaveLength(0)
})

test('a new version that dies while it is held gives the service back at once', async () => {
  const all = scene({ holdMs: 5_000 })
  const result = all.succession.restart()
  result.catch(() => {})
  await getReady(all)
  expect(all.succession.state).toBe('holding')
  expect(all.incumbent.accepting).toBe(false)
  expect(all.incumbent.mainPid).toBe(1)
  all.environment.child.exit({ code: null, signal: 'SIGSEGV' })
  await settle()
  expect(all.incumbent.accepting).toBe(true)
  await expect(result).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    stage: 'holding',
    exit: { signal: 'SIGSEGV' },
  })
})

test('a rollback while it is held lets the new version finish what it has', async () => {
  const all = scene({ holdMs: 5_000 })
  const result = all.succession.restart()
  result.catch(() => {})
  await getReady(all)
  await all.succession.rollback()
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_ROLLED_BACK' })
  expect(all.incumbent.accepting).toBe(true)
  const { child } = all.environment
  expect(child.signals).toEqual([])
  expect(types(all)).toContain('retire')
  await all.environment.advance(35_000)
  expect(child.signals).toEqual(['SIGKILL'])
  await all.succession.alone()
  await expect(all.succession.rollback()).rejects.toMatchObject({ code: 'ERR_RESTART_NOTHING_TO_ROLL_BACK' })
})

test('when the hold is over the new version takes over', async () => {
  const all = scene({ holdMs: 5_000 })
  const result = all.succession.restart()
  await getReady(all)
  await all.environment.advance(5_000)
  await expect(all.succession.rollback()).rejects.toMatchObject({ code: 'ERR_RESTART_NOTHING_TO_ROLL_BACK' })
  all.environment.child.say({ type: 'committed' })
  expect(await result).toMatchObject({ pid: 1000 })
})

test('a new version that says ready and then nothing is not left with the service', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await getReady(all)
  await all.environment.advance(10_000)
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_READY_TIMEOUT', stage: 'ready' })
  expect(all.incumbent).toMatchObject({ accepting: true, hasEstate: true, mainPid: 1 })
})

test('a stop cancels a restart that runs, and no other one begins', async () => {
  const all = scene()
  const result = all.succession.restart()
  result.catch(() => {})
  await meet(all)
  const stopped = all.succession.stop('SIGTERM')
  await expect(all.succession.restart()).rejects.toMatchObject({ code: 'ERR_RESTART_STOPPING' })
  expect(await stopped).toBe(true)
  await expect(result).rejects.toMatchObject({ code: 'ERR_RESTART_CANCELLED' })
  expect(all.environment.child.signals).toEqual(['SIGTERM'])
  expect(all.succession.state).toBe('stopping')
})

test('a stop that comes when the new version is taking over leaves the service to it', async () => {
  const all = scene()
  const result = all.succession.restart()
  await getReady(all)
  const stopped = all.succession.stop('SIGTERM')
  all.environment.child.say({ type: 'committed' })
  expect(await result).toMatchObject({ pid: 1000 })
  expect(await stopped).toBe(false)
  expect(all.succession.state).toBe('draining')
})

test('a version that is not ready yet starts no other one', async () => {
  const environment = new FakeEnvironment()
  const incumbent = new FakeIncumbent(environment.descriptors)
  const succession = new Succession(
    incumbent,
    environment,
    () => {
      throw new Error('not needed')
    },
    () => {},
  )
  await expect(succession.restart()).rejects.toMatchObject({ code: 'ERR_RESTART_NOT_READY' })
})
