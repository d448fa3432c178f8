// The program, and what `app restart` runs: words for people, JSON for programs, an exit status for both.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { exitStatus } from '../../src/cli/exit-status.js'
import { runRestartCommand } from '../../src/cli/run-restart-command.js'
import { RestartError } from '../../src/errors/restart-error.js'
import { CoordinationRoom, STATUS, scriptedHandler } from './coordination-room.js'
import { runProgram, startInstance, startProgram } from './processes.js'

let room: CoordinationRoom
beforeEach(() => {
  room = new CoordinationRoom()
})
afterEach(() => room.close())

const run = (...args: string[]) => runProgram(room, args)

const childFailure = () =>
  Object.assign(
    new RestartError('the new process said: config.json:12: port must be a number', {
      code: 'ERR_RESTART_CHILD_FAILED',
      stage: 'starting',
      hint: 'Repair the configuration and ask again',
    }),
    {
      exit: { code: 1, signal: null },
      stderr: ['Error: port \u001b[31mmust\u001b[0m be a number', '    at config.js:12'],
    },
  )

describe('restart', () => {
  test('tells each step, and then who serves', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const running = startProgram(room, [])
    const restart = await handler.restartNumber(0)
    restart.progress('starting', { pid: 4243, remainingMs: 30_000 })
    restart.progress('starting', { pid: 4243, remainingMs: 29_000 })
    restart.progress('waiting', { pid: 4243, message: 'reading the cache' })
    restart.succeed()
    expect(await running.ended).toEqual({ status: 0, signal: null })
    expect(running.stdout).toBe('process 4243 serves now, generation 4; it took 840 ms\n')
    expect(running.stderr).toBe(
      [
        'restart: connecting to the running instance',
        'restart: process 4243 starts (30 s left)',
        'restart: waiting until process 4243 is ready: reading the cache',
        '',
      ].join('\n'),
    )
  })

  test('tells at three in the morning what the new process said, how it ended and what it wrote; status 1', async () => {
    await room.open(scriptedHandler({ restart: () => Promise.reject(childFailure()) }))
    const { status, stdout, stderr } = await run('--quiet')
    expect({ status, stdout }).toEqual({ status: exitStatus.failed, stdout: '' })
    expect(stderr).toBe(`\
restart: the new process said: config.json:12: port must be a number [ERR_RESTART_CHILD_FAILED]
  it happened while the new process started
  it exited with status 1
  the last that it wrote:
    | Error: port \\x1b[31mmust\\x1b[0m be a number
    |     at config.js:12
  Repair the configuration and ask again
  it said: Error: port \\x1b[31mmust\\x1b[0m be a number
  Nothing has changed: the instance that was asked serves on
`)
  })

  test('tells who shares an older restart that a change may not be in it', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const first = startProgram(room, ['-q'])
    const restart = await handler.restartNumber(0)
    restart.progress('spawning')
    const second = startProgram(room, [])
    await second.printed(/a new process is begun/)
    restart.succeed()
    expect(await second.ended).toMatchObject({ status: 0 })
    expect(second.stdout).toMatch(/that restart had begun .* before this one was asked for/)
    expect(await first.ended).toMatchObject({ status: 0 })
    expect(first.stdout).not.toContain('had begun')
  })

  test('with --json is lines of JSON on standard output, whatever happens', async () => {
    const answers = [
      async (progress: (stage: 'spawning') => void) => {
        progress('spawning')
        return { pid: 4243, generation: 4, durationMs: 840 }
      },
      () => Promise.reject(childFailure()),
    ]
    await room.open(scriptedHandler({ restart: (progress) => answers.shift()!(progress) }))
    const lines = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    const good = await run('restart', '--json')
    expect(good).toMatchObject({ status: 0, stderr: '' })
    expect(lines(good.stdout)).toEqual([
      { type: 'progress', stage: 'connecting' },
      { type: 'progress', stage: 'spawning' },
      { type: 'answer', ok: true, pid: 4243, generation: 4, durationMs: 840, exitStatus: 0 },
    ])
    const bad = await run('restart', '--json')
    expect(bad).toMatchObject({ status: 1, stderr: '' })
    const { exit, stderr } = childFailure()
    expect(lines(bad.stdout).at(-1)).toMatchObject({
      type: 'answer',
      ok: false,
      code: 'ERR_RESTART_CHILD_FAILED',
      stage: 'starting',
      exit,
      stderr,
      exitStatus: 1,
    })
  })

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends the wait and says that the restart goes on',
    async (signal) => {
      const handler = scriptedHandler()
      await room.open(handler)
      const running = startProgram(room, [])
      const restart = await handler.restartNumber(0)
      restart.progress('spawning')
      await running.printed(/a new process is begun/)
      running.child.kill(signal)
      expect(await running.ended).toEqual({ status: exitStatus.connectionLost, signal: null })
      expect(running.stderr).toContain('interrupted\n  What was asked goes on')
      restart.succeed()
    },
  )

  test.each(['connecting', 'spawning', 'waiting'] as const)(
    'goes on when the program is killed after it was told %s',
    async (stage) => {
      const handler = scriptedHandler()
      await room.open(handler)
      const running = startProgram(room, ['--json'])
      const restart = await handler.restartNumber(0)
      restart.progress(stage)
      await running.printed(new RegExp(`"stage":"${stage}"`))
      running.child.kill('SIGKILL')
      await running.ended
      const next = startProgram(room, ['--json'])
      await next.printed(/"stage".*\n.*"stage"/)
      restart.succeed()
      expect(await next.ended).toMatchObject({ status: 0 })
      expect(handler.restarts).toHaveLength(1)
    },
  )

  test('is not asked for while the check of the configuration says no', async () => {
    const handler = scriptedHandler()
    await room.open(handler)
    const { status, stderr } = await run('--validate', 'echo "port must be a number" >&2; exit 7')
    expect(status).toBe(exitStatus.configInvalid)
    expect(stderr).toContain('[ERR_RESTART_CONFIG_INVALID]\n  it exited with status 7')
    expect(stderr).toContain('    | port must be a number\n')
    expect(handler.restarts).toEqual([])
  })
})

describe('the exit status', () => {
  test('is 2 for words that cannot be meant', async () => {
    for (const words of [
      ['dance'],
      ['status', 'now'],
      ['--dance'],
      ['status', '--busy', 'wait'],
      ['-t', '3d'],
      ['-s', 'x'],
    ]) {
      const { status, stdout, stderr } = await run(...words)
      expect({ status, stdout }).toEqual({ status: exitStatus.usage, stdout: '' })
      expect(stderr).toMatch(/^restart: .*\n {2}restart --help tells what there is\n$/)
    }
  })

  test('is 4 when nobody is there, or nobody takes the connection', async () => {
    expect(await run()).toMatchObject({ status: exitStatus.notListening })
    const server = await room.open(scriptedHandler())
    server.pause()
    const { status, stderr } = await run('-t', '200ms')
    expect(status).toBe(exitStatus.notListening)
    expect(stderr).toContain('it was asked nothing')
  })

  test('is 6 when the instance cannot now', async () => {
    const codes = ['ERR_RESTART_NOT_READY', 'ERR_RESTART_STOPPING', 'ERR_RESTART_SUPERSEDED']
    const refuse = () => Promise.reject(new RestartError('not now', { code: codes.shift()! }))
    await room.open(scriptedHandler({ restart: refuse }))
    while (codes.length > 0) expect(await run()).toMatchObject({ status: exitStatus.busy })
  })

  test('is 7 when the answer does not come in time', async () => {
    const { running } = await startInstance(room, { onRestart: 'hang' })
    const { status, stderr } = await run('--timeout', '1')
    expect(status).toBe(exitStatus.timedOut)
    expect(stderr).toContain(`the last that process ${running.pid} told was 'waiting'`)
  })

  test('is 8 when the connection is lost', async () => {
    await startInstance(room, { onRestart: 'crash' })
    expect(await run()).toMatchObject({ status: exitStatus.connectionLost })
  })

  test('is another one for each', () => {
    const all = Object.values(exitStatus)
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('other commands', () => {
  test('status prints what the instance is and does, for people and for programs', async () => {
    const startedAt = new Date(Date.now() - 65_000).toISOString()
    const status = () => ({
      ...STATUS,
      pid: 4100,
      startedAt,
      kept: ['tun'],
      draining: [{ pid: 4000, generation: 2, sinceMs: 1_200 }],
      restart: { stage: 'waiting' as const, pid: 4243, startedAt },
    })
    await room.open(scriptedHandler({ status }))
    const { stdout } = await run('status')
    expect(stdout.replaceAll(/for 1 min \d+ s/g, 'for 1 min')).toBe(`\
process 4100, generation 3, serving for 1 min
listens    http: tcp 127.0.0.1:8080
keeps      tun
restarts   waiting, process 4243 for 1 min
finishing  process 4000, generation 2, for 1.2 s
`)
    expect(JSON.parse((await run('status', '--json')).stdout)).toMatchObject({ ok: true, status: status() })
  })

  test('status of another version is printed as far as it is understood', async () => {
    const status = () => ({ pid: 'many\u001b[2J', sockets: [1, { name: 2 }], draining: 'no', restart: [] })
    await room.open(scriptedHandler({ status: status as never }))
    expect(await run('status')).toMatchObject({
      status: 0,
      stdout: 'process many\\x1b[2J, generation ?, ?\nlistens    2: ? ?\n',
    })
  })

  test('stop prints what was cut off', async () => {
    const stop = async () => ({
      clean: false,
      durationMs: 30_000,
      cut: [{ kind: 'request', name: 'http', count: 2 }],
      left: ['upload', { name: 'report' }],
    })
    await room.open(scriptedHandler({ stop }))
    expect(await run('stop', '--drain-timeout', '30s')).toMatchObject({
      status: 0,
      stdout: 'the instance ends after 30 s\ncut off    2 request of http\nunfinished upload, report\n',
    })
  })

  test('rollback and ping', async () => {
    await room.open(scriptedHandler())
    const { pid } = process
    expect(await run('rollback')).toMatchObject({ stdout: `process ${pid} serves again, generation 3\n` })
    expect(await run('ping')).toMatchObject({ stdout: `process ${pid} answers, generation 3\n` })
  })

  test('rollback without a predecessor is status 1', async () => {
    await startInstance(room)
    const { status, stderr } = await run('rollback')
    expect(status).toBe(exitStatus.failed)
    expect(stderr).toBe('restart: nothing is held [ERR_RESTART_NOTHING_TO_ROLL_BACK]\n')
  })

  test('--help has every exit status in lines that fit, and --version the version', async () => {
    const { status, stdout } = await run('--help')
    expect(status).toBe(0)
    for (const each of Object.values(exitStatus)) expect(stdout).toMatch(new RegExp(`^  ${each}  `, 'm'))
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('runRestartCommand', () => {
  function streams() {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()]
    return { stdout, stderr, text: () => `${stdout.read() ?? ''}${stderr.read() ?? ''}` }
  }

  test('reads the configuration, and finds the path in it', async () => {
    await room.open(scriptedHandler({ restart: async () => ({ pid: 1, generation: 4, durationMs: 0 }) }))
    const file = join(room.directory, 'config.json')
    writeFileSync(file, JSON.stringify({ socket: room.path }))
    const { text, ...output } = streams()
    const status = await runRestartCommand({
      argv: ['restart'],
      program: 'app restart',
      validate: () => ({ socket: room.path }),
      path: ({ socket }) => socket,
      ...output,
    })
    expect(status).toBe(0)
    expect(text()).toContain('app restart: looking at the configuration\n')
  })

  test('tells what is wrong with the configuration, and asks nothing', async () => {
    const { text, ...output } = streams()
    const validate = () => {
      throw new Error('config.json:12: port must be a number')
    }
    const options = { argv: [], program: 'app restart', validate, path: () => room.path, ...output }
    expect(await runRestartCommand(options)).toBe(exitStatus.configInvalid)
    expect(text()).toContain(
      'app restart: the configuration is refused: config.json:12: port must be a number',
    )
  })

  test('does not look at the configuration for what only asks, if the path is known', async () => {
    await room.open(scriptedHandler())
    const { text, ...output } = streams()
    const validate = () => {
      throw new Error('it is being edited')
    }
    expect(await runRestartCommand({ argv: ['ping'], validate, path: room.path, ...output })).toBe(0)
    expect(text()).toContain('answers')
  })

  test('takes `app restart status` and `app status` alike, and has no --socket', async () => {
    await room.open(scriptedHandler())
    for (const argv of [['restart', 'status'], ['status']]) {
      const { text, ...output } = streams()
      expect(await runRestartCommand({ argv, path: room.path, ...output })).toBe(0)
      expect(text()).toContain('generation 3, serving')
    }
    const { text, ...output } = streams()
    const wrong = { argv: ['--socket', 'x'], path: room.path, ...output }
    expect(await runRestartCommand(wrong)).toBe(exitStatus.usage)
    expect(text()).toContain("Unknown option '--socket'")
  })

  test.each([
    [{ path: 1 }, 'ERR_INVALID_ARG_TYPE'],
    [{ validate: 'true' }, 'ERR_INVALID_ARG_TYPE'],
    [{ argv: 'status' }, 'ERR_INVALID_ARG_TYPE'],
    [{ socket: 'x' }, 'ERR_INVALID_ARG_VALUE'],
  ])('with %j is %s', async (wrong, code) => {
    await expect(runRestartCommand({ path: room.path, ...wrong } as never)).rejects.toMatchObject({ code })
  })
})
