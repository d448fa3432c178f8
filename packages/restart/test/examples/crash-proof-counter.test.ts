import { waitFor } from '@slatfatf/netns'
import { openFakeManager } from '@slatfatf/restart/fake-manager'
import { expect, test } from 'vitest'
import { openListenSocket } from '../../src/index.js'
import { ask, askOn, ExampleRoom, exampleAt, kill } from './example-room.js'

const program = exampleAt('crash-proof-counter.mjs')

function countIn(answer: string): number {
  return Number(/^(\d+), counted by process/.exec(answer)?.[1])
}

/** Each count was given once; only requests that were in a process when it was killed have no answer. */
function expectNothingLost(answers: string[], errors: NodeJS.ErrnoException[], kills: number): void {
  const counts = answers.map(countIn)
  expect(new Set(counts).size).toBe(counts.length)
  expect(Math.max(...counts)).toBeGreaterThanOrEqual(counts.length)
  expect(Math.max(...counts)).toBeLessThanOrEqual(counts.length + errors.length)
  expect(errors.map(({ code }) => code)).not.toContain('ECONNREFUSED')
  // Two ask at a time.
  expect(errors.length).toBeLessThanOrEqual(2 * kills)
}

test('crash-proof-counter: kill -9 loses no count, and refuses nobody', async () => {
  await using room = new ExampleRoom()
  const loop = room.launch('sh', '-c', 'until "$0" "$1" 0; do :; done', process.execPath, program)
  await loop.waitForOutput('version 0: port')
  const port = await room.port()
  expect(countIn(await ask(port))).toBe(1)
  const asking = askOn(port)
  for (let crash = 0; crash < 3; crash++) {
    const { pid } = await room.status()
    kill(pid, 'SIGKILL')
    await waitFor(async () => (await room.status()).pid !== pid, { timeoutMs: 15_000 })
  }
  const { answers, errors } = await asking.stop()
  expectNothingLost(['1, counted by process', ...answers], errors, 3)
  expect(answers.at(-1)).toContain('after crash')
  expect(await room.port()).toBe(port)

  kill((await room.status()).pid, 'SIGTERM')
  expect(await loop.ended()).toBe(0)
  await waitFor(() => room.living().length === 0)
})

test('crash-proof-counter: with a service manager a restart and a crash after it lose no count', async () => {
  await using room = new ExampleRoom()
  await using manager = await openFakeManager({ fdStoreMax: 8 })
  using free = await openListenSocket('free', { host: '127.0.0.1', port: 0 })
  const { port } = free.address as { port: number }
  free.close()
  await manager.start({ command: [process.execPath, program, `${port}`], cwd: room.folder, env: room.env })
  const first = manager.mainPid
  const asking = askOn(port)
  await room.restart()
  await manager.waitFor('the next version to have stored the memory', ({ mainPid, notifications }) =>
    notifications.some(
      ({ pid, fields }) =>
        pid !== first &&
        pid === mainPid &&
        fields.FDSTORE === '1' &&
        fields.FDNAME === 'restart.keep.counter',
    ),
  )
  await manager.crash()
  await manager.revive()
  const { answers, errors } = await asking.stop()
  expectNothingLost(answers, errors, 1)
  expect(answers.some((answer) => answer.includes('after predecessor'))).toBe(true)
  expect(answers.at(-1)).toContain('after crash')
})
