import { once } from 'node:events'
import { Socket } from 'node:net'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { cleanUp, client, generation, leadTo } from '../../test/in-process-generations.js'
import { ManualClock } from '../../test/manual-clock.js'
import { get, type RawClient } from '../../test/raw-client.js'
import { binding } from '../binding.js'
import { type DrainEnvironment, systemEnvironment } from '../drain/drain-environment.js'

test('a successor that never answers holds the drain for a bounded time, and what it was sent is counted', async () => {
  const clock = new ManualClock()
  const old = await generation('old', { environment: clock })
  let sent: readonly number[] = []
  old.drain.connections.carrier = {
    send: (_server, fds) => {
      sent = fds
      return new Promise(() => {})
    },
  }
  const [lost, busy] = [await client(old), await client(old)]
  busy.send(get('/held'))
  await waitFor(() => old.held.has('/held'))
  const report = old.drain.start()
  await waitFor(() => sent.length === 1)
  clock.advance(5_000)
  await waitFor(() => old.drain.status().open[0]?.count === 1)
  // It is still with the successor, should that get to it.
  expect(lost.ending).toBeUndefined()
  old.held.get('/held')!()
  await busy.sees('Connection: close')
  expect(await report).toMatchObject({
    clean: false,
    handedOver: 0,
    cut: [{ kind: 'unconfirmed', name: 'web', count: 1 }],
    phases: [{ name: 'stop' }, { name: 'polite' }],
  })
  expect(clock.waiting).toBe(0)
  for (const fd of sent) binding().closeFd(fd)
})

test('an answer that came while the old process stood still counts, although the time for it is over', async () => {
  const clock = new ManualClock()
  const old = await generation('old', { environment: clock })
  const next = await generation('next')
  const [answered, answer] = binding().socketPair('stream')
  const reader = new Socket({ fd: answered })
  cleanUp.push(() => reader.destroy())
  old.drain.connections.carrier = {
    async send(server, fds) {
      next.drain.connections.receive(
        server,
        fds.map((fd) => binding().duplicateFd(fd)),
      )
      binding().closeFd(answer)
      clock.advance(5_000)
      await once(reader.resume(), 'end')
      return true
    },
  }
  const idle = await client(old)
  expect(await old.drain.start()).toMatchObject({ handedOver: 1, cut: [] })
  idle.send(get('/1'))
  await idle.sees('next/1')
})

test.each(['taken', 'refused'])(
  'a connection under way at the forced phase is counted once, %s or not',
  async (late) => {
    const clock = new ManualClock()
    const old = await generation('old', { environment: clock })
    let answer: (taken: boolean) => void = () => {}
    let asked = false
    old.drain.connections.carrier = {
      send: () => {
        asked = true
        return new Promise((resolve) => {
          answer = resolve
        })
      },
    }
    await client(old)
    const report = old.drain.start()
    await waitFor(() => asked)
    old.drain.shorten(0)
    clock.advance(0)
    answer(late === 'taken')
    expect(await report).toMatchObject({
      clean: false,
      handedOver: 0,
      cut: [{ kind: 'unconfirmed', name: 'web', count: 1 }],
    })
    expect(clock.waiting).toBe(0)
  },
)

test('a process that is near its limit of descriptors hands over few at a time, and all', async () => {
  let room = 4
  const environment: DrainEnvironment = {
    ...systemEnvironment,
    duplicateFd(fd) {
      if (room === 0) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' })
      room--
      return systemEnvironment.duplicateFd(fd)
    },
    closeFd(fd) {
      room++
      systemEnvironment.closeFd(fd)
    },
  }
  const old = await generation('old', { environment })
  const next = await generation('next')
  leadTo(next, old)
  const clients: RawClient[] = []
  for (let count = 0; count < 9; count++) clients.push(await client(old))
  expect(await old.drain.start()).toMatchObject({ clean: true, handedOver: 9 })
  expect(room).toBe(4)
  for (const each of clients) each.send(get('/1'))
  for (const each of clients) await each.sees('next/1')
})
