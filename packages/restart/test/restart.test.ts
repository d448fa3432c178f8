import { existsSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createServer as createNetServer } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { requestRestart, requestRollback, requestStatus, requestStop } from '../src/index.js'
import { ServiceRoom } from './service-room.js'

test('the next version serves on the same socket, and the old one ends when its work is done', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ label: 'one' })
  room.deploy({ label: 'two' })
  const stages: string[] = []
  const answer = await requestRestart({ path: room.control, onProgress: ({ stage }) => stages.push(stage) })
  expect(answer).toMatchObject({ generation: 1 })
  expect(stages).toContain('waiting')
  const after = await room.waitForAnswer(({ generation, exited }) => generation === 1 && exited)
  expect(after).toMatchObject({ pid: answer.pid, before: 'predecessor', label: 'two' })
  await waitFor(() => !room.isOurs(first.pid!))
  expect(room.events()).toContain(`ended ${first.pid} superseded`)
  expect(await requestStatus({ path: room.control })).toMatchObject({
    pid: answer.pid,
    generation: 1,
    state: 'serving',
    draining: [],
  })
})

test('the words of a version that cannot serve reach the asker, and its last lines with them', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  room.deploy({ failWith: 'no such table: users', stderr: 'opening the database\n' })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_FAILED',
    message: expect.stringContaining('no such table: users'),
    stage: 'waiting',
    exit: { code: 1, signal: null },
    stderr: expect.arrayContaining(['opening the database']),
  })
  expect(await room.ask()).toMatchObject({ pid: first.pid, generation: 0 })
  expect(existsSync(room.web)).toBe(true)
})

test('an exception before ready is told by what it printed', async () => {
  await using room = new ServiceRoom()
  await room.start()
  room.deploy({ throwBeforeReady: 'the config is wrong' })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    exit: { code: 1, signal: null },
    stderr: expect.arrayContaining([expect.stringContaining('the config is wrong')]),
  })
  // It reached the real standard error too.
  await waitFor(() => room.stderr.includes('the config is wrong'))
})

test('a version that ends before it opens an instance is told with a hint about the channel', async () => {
  await using room = new ServiceRoom()
  await room.start()
  room.deploy({ exitAtOnce: 3 })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    exit: { code: 3, signal: null },
    hint: expect.stringContaining('openInstance()'),
  })
})

test('a wrapper that clears the environment is a clear failure', async () => {
  await using room = new ServiceRoom()
  await room.start({
    options: {
      command: {
        file: '/usr/bin/env',
        args: ['-i', `SERVICE_FOLDER=${room.folder}`, process.execPath, room.program],
      },
    },
  })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    stderr: expect.arrayContaining([expect.stringContaining('ERR_RESTART_ENVIRONMENT_LOST')]),
  })
  expect(await room.ask()).toMatchObject({ generation: 0 })
})

test('a wrapper that closes descriptors is a clear failure', async () => {
  await using room = new ServiceRoom()
  await room.start({
    options: {
      command: { file: '/bin/sh', args: ['-c', `exec 3>&-; exec ${process.execPath} ${room.program}`] },
    },
  })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    stderr: expect.arrayContaining([expect.stringContaining('ERR_RESTART_NOT_A_CHANNEL')]),
  })
})

test('a command that is not there is told at once', async () => {
  await using room = new ServiceRoom()
  await room.start({ options: { command: { file: '/nowhere/app' } } })
  await expect(requestRestart({ path: room.control })).rejects.toMatchObject({
    code: 'ERR_RESTART_SPAWN_FAILED',
    stage: 'spawning',
    hint: expect.stringContaining('/nowhere/app'),
  })
})

test('behind a wrapper that does not exec, the process that serves is the one that is named', async () => {
  await using room = new ServiceRoom()
  await room.start({
    options: { command: { file: '/bin/sh', args: ['-c', `${process.execPath} ${room.program}; true`] } },
  })
  const { pid } = await requestRestart({ path: room.control })
  expect(await room.waitForAnswer(({ generation }) => generation === 1)).toMatchObject({ pid })
})

test('SIGUSR2 restarts, SIGTERM stops and leaves nothing', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ options: { pidFile: join(room.folder, 'app.pid') } })
  first.kill('SIGUSR2')
  const { pid } = await room.waitForAnswer(({ generation, exited }) => generation === 1 && exited)
  expect(readFileSync(join(room.folder, 'app.pid'), 'utf8')).toBe(`${pid}\n`)
  process.kill(pid, 'SIGTERM')
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
  expect(room.events().at(-1)).toBe(`ended ${pid} stopped`)
  expect([room.web, room.control, join(room.folder, 'app.pid')].filter(existsSync)).toEqual([])
})

test('SIGUSR2 while a version starts does not end it', async () => {
  await using room = new ServiceRoom()
  await room.start()
  room.deploy({ waitFor: 'go' })
  const asked = requestRestart({ path: room.control })
  await waitFor(() => room.waits())
  const starting = room.pids().at(-1)!
  process.kill(starting, 'SIGUSR2')
  room.touch('go')
  expect(await asked).toMatchObject({ pid: starting })
})

test('SIGTERM while the next version starts ends both', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  room.deploy({ waitFor: 'go' })
  const asked = requestRestart({ path: room.control }).catch((error) => error)
  await waitFor(() => room.waits())
  first.kill('SIGTERM')
  expect(await asked).toMatchObject({ code: 'ERR_RESTART_CANCELLED' })
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
  expect(existsSync(room.control)).toBe(false)
})

test('all who ask at a time get the answer of one restart', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  room.deploy({ waitFor: 'go' })
  const asked = Array.from({ length: 5 }, () => requestRestart({ path: room.control }))
  first.kill('SIGUSR2')
  await waitFor(() => room.waits())
  room.touch('go')
  const pids = new Set((await Promise.all(asked)).map(({ pid }) => pid))
  expect(pids.size).toBe(1)
  expect(room.pids()).toHaveLength(2)
})

test('state goes to the next version, and undo is not called', async () => {
  await using room = new ServiceRoom()
  await room.start({ state: { version: 7, text: 'sessions' } })
  await requestRestart({ path: room.control })
  expect(await room.waitForAnswer(({ generation }) => generation === 1)).toMatchObject({ state: 'sessions' })
  expect(room.events().filter((event) => event.startsWith('undo'))).toEqual([])
})

test('in the hold the next version serves, and a rollback takes the service back', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ options: { holdMs: 60_000 }, state: {} })
  const asked = requestRestart({ path: room.control }).catch((error) => error)
  const held = await room.waitForAnswer(({ generation }) => generation === 1)
  await waitFor(async () => (await requestStatus({ path: room.control })).state === 'holding')
  expect(await requestRollback({ path: room.control })).toMatchObject({ pid: first.pid })
  expect(await asked).toMatchObject({ code: 'ERR_RESTART_ROLLED_BACK' })
  await waitFor(() => !room.isOurs(held.pid), { timeoutMs: 15_000 })
  expect(await room.ask()).toMatchObject({ pid: first.pid })
  expect(room.events().filter((event) => event.startsWith('undo'))).toHaveLength(1)
  expect(room.events()).toContain(`ended ${held.pid} retired`)
})

test('a hold that is taken back brings back servers whose names are no sockets, by where they listened', async () => {
  await using room = new ServiceRoom()
  await room.start({ options: { holdMs: 60_000 }, servers: ['one.sock', 'two.sock'] })
  const ask = (name: string) =>
    new Promise<string>((resolve, reject) => {
      const asking = request({ socketPath: join(room.folder, name), agent: false }, (response) =>
        response.on('data', (chunk) => resolve(String(chunk))),
      )
      asking.on('error', reject)
      asking.end()
    })
  const asked = requestRestart({ path: room.control })
  const refused = expect(asked).rejects.toMatchObject({ code: 'ERR_RESTART_ROLLED_BACK' })
  await waitFor(async () => (await requestStatus({ path: room.control })).state === 'holding')
  await waitFor(async () => (await ask('two.sock')) === '1')
  await requestRollback({ path: room.control })
  await refused
  await waitFor(() => room.livingPids().length === 1, { timeoutMs: 15_000 })
  expect([await ask('one.sock'), await ask('two.sock')]).toEqual(['0', '0'])
})

test('a version that crashes in the hold gives the service back', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ options: { holdMs: 60_000 } })
  const asked = requestRestart({ path: room.control }).catch((error) => error)
  const held = await room.waitForAnswer(({ generation }) => generation === 1)
  process.kill(held.pid, 'SIGKILL')
  expect(await asked).toMatchObject({
    code: 'ERR_RESTART_CHILD_EXITED',
    stage: 'holding',
    exit: { code: null, signal: 'SIGKILL' },
  })
  expect(await room.ask()).toMatchObject({ pid: first.pid })
})

test('a short hold ends by itself, and the next version then is alone', async () => {
  await using room = new ServiceRoom()
  const first = await room.start({ options: { holdMs: 50 } })
  const { pid } = await requestRestart({ path: room.control })
  expect(await room.waitForAnswer(({ generation, exited }) => generation === 1 && exited)).toMatchObject({
    pid,
  })
  await waitFor(() => !room.isOurs(first.pid!))
})

test('a version that is killed after it took over leaves the old one draining, not serving', async () => {
  await using room = new ServiceRoom()
  await room.start()
  const { pid } = await requestRestart({ path: room.control })
  process.kill(pid, 'SIGKILL')
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
  // The next start finds a stale socket, and nobody in its way.
  await room.start()
  expect(await room.ask()).toMatchObject({ generation: 0, before: 'nothing' })
})

test('more versions than may drain: the oldest is ended', async () => {
  await using room = new ServiceRoom()
  await room.start({ options: { maxDraining: 2 } })
  const sockets = []
  for (let generation = 0; generation < 4; generation++) {
    // A request without an end keeps each version from ending.
    const socket = room.holdRequest()
    sockets.push(socket)
    await waitFor(() => socket.bytesWritten > 0)
    await waitFor(async () => (await requestStatus({ path: room.control })).generation === generation)
    await room.waitForAnswer((answer) => answer.generation === generation)
    await requestRestart({ path: room.control })
  }
  await waitFor(() => room.livingPids().length === 3, { timeoutMs: 20_000 })
  const { draining } = await requestStatus({ path: room.control })
  expect(draining.map(({ generation }) => generation)).toEqual([3, 2])
  for (const socket of sockets) socket.destroy()
})

test('idle connections go along: the client never connects again', async () => {
  await using room = new ServiceRoom()
  await room.start({ handOver: true })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let connections = 0
  const ask = () =>
    new Promise<{ generation: number }>((resolve, reject) => {
      const asking = request({ socketPath: room.web, agent }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve(JSON.parse(body)))
      })
      asking.on('socket', (socket) => {
        if (socket.connecting) connections += 1
      })
      asking.on('error', reject)
      asking.end()
    })
  for (let generation = 0; generation < 4; generation++) {
    expect(await ask()).toMatchObject({ generation })
    await requestRestart({ path: room.control })
    await waitFor(async () => (await requestStatus({ path: room.control })).draining.length === 0)
  }
  expect(connections).toBe(1)
  agent.destroy()
})

test('what is kept goes along as long as each version keeps it', async () => {
  await using room = new ServiceRoom()
  await room.start({ keepNew: 'box' })
  room.deploy({ keep: true })
  await requestRestart({ path: room.control })
  await requestRestart({ path: room.control })
  expect(await requestStatus({ path: room.control })).toMatchObject({ generation: 2, kept: ['box'] })
  room.deploy({})
  await requestRestart({ path: room.control })
  expect(await requestStatus({ path: room.control })).toMatchObject({ generation: 3, kept: [] })
})

test('a companion keeps sockets over a crash', async () => {
  await using room = new ServiceRoom()
  const behaviour = {
    options: { companion: { path: join(room.folder, 'companion.sock'), orphanMs: 5_000 } },
    keepNew: 'box',
  }
  const first = await room.start(behaviour)
  first.kill('SIGKILL')
  await waitFor(() => !room.isOurs(first.pid!))
  await room.start({ ...behaviour, keep: true })
  expect(await room.ask()).toMatchObject({ before: 'crash' })
  expect(await requestStatus({ path: room.control })).toMatchObject({ kept: ['box'] })
  await requestStop({ path: room.control })
  await waitFor(() => room.livingPids().length === 0, { timeoutMs: 15_000 })
})

test('a second cold start is refused, and takes nothing from the first', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  const second = room.launch()
  let words = ''
  second.stderr!.on('data', (chunk) => {
    words += chunk
  })
  await waitFor(() => second.exitCode !== null, { timeoutMs: 15_000 })
  expect(words).toContain('ERR_RESTART_ALREADY_RUNNING')
  expect(await room.ask()).toMatchObject({ pid: first.pid })
})

test('a flood on standard error reaches neither memory nor the tail as a whole, and holds nobody up', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  // Nobody reads what the first version writes.
  room.stopReading()
  const before = room.census(first.pid!).residentKib
  room.deploy({ floodBytes: 64 * 1024 * 1024, failWith: 'enough' })
  const error = await requestRestart({ path: room.control }).catch((reason) => reason)
  expect(error).toMatchObject({ code: 'ERR_RESTART_CHILD_FAILED' })
  expect(Buffer.byteLength(error.stderr.join('\n'))).toBeLessThanOrEqual(16_384)
  expect(room.census(first.pid!).residentKib - before).toBeLessThan(48 * 1024)
  expect(await room.ask()).toMatchObject({ pid: first.pid })
})

test('after the hand-over the next version writes to the real standard error', async () => {
  await using room = new ServiceRoom()
  const first = await room.start()
  room.deploy({ sayAfterReady: 'I am here\n' })
  const { pid } = await requestRestart({ path: room.control })
  await waitFor(() => room.stderr.includes('I am here'))
  await waitFor(() => !room.isOurs(first.pid!))
  await waitFor(() => room.descriptor(pid, 2) === room.firstStderr)
})

test('nothing that the old process had open leaks into the next one', async () => {
  await using room = new ServiceRoom()
  const listener = createNetServer().listen(0)
  // Descriptors behind a gap, which Node does not mark: 20 and 40.
  const first = await room.start({}, { SERVICE_GAP: '1' })
  expect(room.descriptor(first.pid!, 40)).toContain('/dev/null')
  const { pid } = await requestRestart({ path: room.control })
  expect(room.descriptor(pid, 20)).not.toContain('/dev/null')
  expect(room.descriptor(pid, 40)).toBeUndefined()
  expect(room.descriptor(pid, 3)).toContain('socket')
  listener.close()
})

test('the variable that leads to the channel is in nobody’s environment', async () => {
  await using room = new ServiceRoom()
  await room.start()
  await requestRestart({ path: room.control })
  const { variables } = await room.waitForAnswer(({ generation }) => generation === 1)
  expect(variables).not.toContain('RESTART_CHANNEL_FD')
})
