import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { exitStatus } from '../../src/index.js'
import { ask, askOn, ExampleRoom } from './example-room.js'

function configure(room: ExampleRoom, changes: object = {}): void {
  const config = { control: 'control.sock', host: '127.0.0.1', port: 0, greeting: 'hello', ...changes }
  writeFileSync(join(room.folder, 'config.json'), JSON.stringify(config))
}

test('http-server: a restart takes the new configuration, and no request fails meanwhile', async () => {
  await using room = new ExampleRoom()
  configure(room)
  const first = await room.serve('http-server.mjs')
  const port = await room.port()
  expect(await ask(port)).toBe('hello from version 0\n')
  const asking = askOn(port)
  configure(room, { greeting: 'good morning' })
  const { status, stdout, stderr } = await room.run('http-server.mjs', 'restart')
  expect(status, stderr).toBe(exitStatus.ok)
  expect(stdout).toMatch(/process \d+ serves now, generation 1/)
  const { answers, errors } = await asking.stop()
  expect(errors).toEqual([])
  expect(new Set(answers)).toEqual(new Set(['hello from version 0\n', 'good morning from version 1\n']))
  await first.waitForOutput('version 0 ended, superseded')
  await waitFor(() => room.living().length === 1)
})

test('http-server: a broken configuration is refused with its words, and nothing was asked', async () => {
  await using room = new ExampleRoom()
  configure(room)
  const first = await room.serve('http-server.mjs')
  const port = await room.port()
  configure(room, { port: 'eighty' })
  const { status, stdout, stderr } = await room.run('http-server.mjs', 'restart')
  expect(status).toBe(exitStatus.configInvalid)
  expect(stdout).toBe('')
  expect(stderr).toContain('config.json: "port" must be a whole number')
  writeFileSync(join(room.folder, 'config.json'), '{ "control": ')
  expect(await room.run('http-server.mjs', 'restart')).toMatchObject({ status: exitStatus.configInvalid })
  expect(await ask(port)).toBe('hello from version 0\n')
  expect(room.living()).toEqual([first.pid])
})

test('http-server: a configuration that cannot be served fails with the words of the new version', async () => {
  await using room = new ExampleRoom()
  configure(room)
  await room.serve('http-server.mjs')
  const port = await room.port()
  const occupant = createServer()
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve))
  try {
    configure(room, { port: (occupant.address() as { port: number }).port })
    const { status, stderr } = await room.run('http-server.mjs', 'restart')
    expect(status).toBe(exitStatus.failed)
    expect(stderr).toContain('EADDRINUSE')
    expect(await ask(port)).toBe('hello from version 0\n')
  } finally {
    occupant.close()
  }
})

test('http-server: without a server the exit status tells so, and stop leaves nothing', async () => {
  await using room = new ExampleRoom()
  configure(room)
  expect(await room.run('http-server.mjs', 'restart')).toMatchObject({ status: exitStatus.notListening })
  const first = await room.serve('http-server.mjs')
  expect(await room.run('http-server.mjs', 'stop')).toMatchObject({ status: exitStatus.ok })
  expect(await first.ended()).toBe(0)
  expect(existsSync(room.control)).toBe(false)
})
