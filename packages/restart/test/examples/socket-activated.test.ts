import { waitFor } from '@slatfatf/netns'
import { openFakeManager } from '@slatfatf/restart/fake-manager'
import { describe, expect, test } from 'vitest'
import { openListenSocket } from '../../src/index.js'
import { bootApp } from '../systemd/app.js'
import { ask, askOn, ExampleRoom, exampleAt } from './example-room.js'

const program = [process.execPath, exampleAt('socket-activated.mjs')]

describe('socket-activated, under the fake manager', () => {
  test('no request fails at a reload, and the manager follows to the next version', async () => {
    await using room = new ExampleRoom()
    await using manager = await openFakeManager({ fdStoreMax: 8 })
    using socket = await openListenSocket('http', { host: '127.0.0.1', port: 0 })
    const { port } = socket.address as { port: number }
    await manager.start({ command: program, cwd: room.folder, env: room.env, sockets: { http: socket.fd } })
    const first = manager.mainPid
    expect(await ask(port)).toBe(`version 0, process ${first}, after socket-activation\n`)

    const asking = askOn(port)
    expect(await manager.reload([...program, 'restart'])).toMatchObject({ code: 0 })
    await manager.waitFor('another main process', ({ mainPid }) => mainPid !== first)
    const { answers, errors } = await asking.stop()
    expect(errors).toEqual([])
    expect(answers.at(-1)).toBe(`version 1, process ${manager.mainPid}, after predecessor\n`)
    await waitFor(() => room.living().length === 1)
  })

  test('who connects while a crashed service is away is served when it is back', async () => {
    await using room = new ExampleRoom()
    await using manager = await openFakeManager({ fdStoreMax: 8 })
    using socket = await openListenSocket('http', { host: '127.0.0.1', port: 0 })
    const { port } = socket.address as { port: number }
    await manager.start({ command: program, cwd: room.folder, env: room.env, sockets: { http: socket.fd } })
    await manager.crash()
    const waiting = ask(port)
    await manager.revive()
    expect(await waiting).toMatch(/^version 0, process \d+, after (crash|socket-activation)\n$/)
  })
})

describe('socket-activated, under systemd-socket-activate', () => {
  test('the first client starts it, and it is restarted as any other', async () => {
    await using room = new ExampleRoom()
    using socket = await openListenSocket('free', { host: '127.0.0.1', port: 0 })
    const { port } = socket.address as { port: number }
    socket.close()
    const words = ['--fdname=http', `--listen=127.0.0.1:${port}`, '--setenv=PATH', '--setenv=EXAMPLE_FOLDER']
    const first = room.launch('systemd-socket-activate', ...words, ...program)
    await first.waitForOutput('Listening on')
    expect(await ask(port)).toBe(`version 0, process ${first.pid}, after socket-activation\n`)
    expect(await room.run('socket-activated.mjs', 'restart')).toMatchObject({ status: 0 })
    expect(await ask(port)).toMatch(/^version 1, process \d+, after predecessor\n$/)
    await waitFor(() => !room.living().includes(first.pid))
  })
})

describe('socket-activated, under systemd with the unit files of the package', () => {
  test('systemctl reload loses no client', async () => {
    await using app = await bootApp({ start: program.join(' '), reload: `${program.join(' ')} restart` })
    app.begin()
    const { systemctl } = app
    expect(await systemctl('start', 'app.socket')).toMatchObject({ status: 0 })
    expect(await app.ask('/', 'http')).toMatch(/^version 0, process \d+, after socket-activation\n$/)
    const before = await app.mainPid()
    expect(await systemctl('reload', 'app')).toMatchObject({ status: 0 })
    const pid = await app.nextPid(before)
    expect(await app.ask('/', 'http')).toBe(`version 1, process ${pid}, after predecessor\n`)
    await app.end()
  })
})
