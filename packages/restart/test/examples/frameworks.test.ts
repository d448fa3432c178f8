import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { ask, askOn, ExampleRoom } from './example-room.js'

test.each(['fastify.mjs', 'express.mjs'])('%s: no request fails at two restarts', async (name) => {
  await using room = new ExampleRoom()
  const first = await room.serve(name, '0', room.control)
  const port = await room.port()
  const asking = askOn(port)
  await room.restart()
  await room.restart()
  const { answers, errors } = await asking.stop()
  expect(errors).toEqual([])
  expect(JSON.parse(answers[0]!)).toEqual({ version: 0, pid: first.pid })
  expect(JSON.parse(answers.at(-1)!)).toMatchObject({ version: 2 })
  await waitFor(() => room.living().length === 1)
})

test.each(['fastify.mjs', 'express.mjs'])(
  '%s: a request that has begun is answered by the version that took it',
  async (name) => {
    await using room = new ExampleRoom()
    const first = await room.serve(name, '0', room.control)
    const port = await room.port()
    const slow = ask(port, '/slow?ms=2000')
    await room.restart()
    expect(JSON.parse(await ask(port))).toMatchObject({ version: 1 })
    expect(JSON.parse(await slow)).toEqual({ version: 0, pid: first.pid })
    await waitFor(() => room.living().length === 1)
  },
)

test.each(['fastify.mjs', 'express.mjs'])('%s: SIGTERM ends it with status 0', async (name) => {
  await using room = new ExampleRoom()
  const first = await room.serve(name, '0', room.control)
  first.child.kill('SIGTERM')
  expect(await first.ended()).toBe(0)
  expect(first.stderr).toBe('')
})
