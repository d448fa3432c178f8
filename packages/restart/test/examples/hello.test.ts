import { Agent, get } from 'node:http'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { ExampleRoom } from './example-room.js'

test('hello: a client asks on one connection over two restarts', async () => {
  await using room = new ExampleRoom()
  await room.serve('hello.mjs', 'serve', '0')
  const port = await room.port()
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const sockets = new Set<unknown>()
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const asking = get({ host: '127.0.0.1', port, agent }, (response) => {
        sockets.add(response.socket)
        let text = ''
        response.setEncoding('utf8').on('data', (part) => {
          text += part
        })
        response.once('end', () => resolve(text))
      })
      asking.once('error', reject)
    })
  try {
    expect(await ask()).toBe('hello from version 0\n')
    for (const generation of [1, 2]) {
      const { status, stdout, stderr } = await room.run('hello.mjs', 'restart')
      expect(status, stderr).toBe(0)
      expect(stdout).toMatch(new RegExp(`process \\d+ serves now, generation ${generation}`))
      await waitFor(async () => (await room.status()).draining.length === 0)
      expect(await ask()).toBe(`hello from version ${generation}\n`)
    }
    expect(sockets.size).toBe(1)
  } finally {
    agent.destroy()
  }
  expect(await room.run('hello.mjs', 'stop')).toMatchObject({ status: 0 })
  await waitFor(() => room.living().length === 0, { message: 'the end of the service' })
})
