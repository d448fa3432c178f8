import { afterEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { park } from '../../src/park/park.js'
import { killPrograms, startProgram } from './program.js'

interface Sender {
  refused: { code: string; hint: string } | null
  leaked: number
  grown: string | null
  count: number
  stdin: boolean
}

afterEach(killPrograms)

test('the in-flight limit of an unprivileged user is an error with a hint, and nothing is lost', async () => {
  const sender = startProgram('park-limits', ['sender', '600'], {
    command: ['prlimit', '--nofile=200:200', 'setpriv', '--reuid=65534', '--clear-groups'],
  })
  expect(await sender.next<Sender>()).toEqual({
    refused: expect.objectContaining({ code: 'ETOOMANYREFS', hint: expect.stringContaining('LimitNOFILE') }),
    leaked: 0,
    grown: 'ETOOMANYREFS',
    count: 353,
    stdin: true,
  })
})

test('a receiver without room is told before anything is taken, and the queue stays as it was', async () => {
  const parked = park(Array(300).fill(0))
  const receiver = startProgram('park-limits', ['receiver', '0'], {
    command: ['prlimit', '--nofile=200:200'],
    fds: parked.ends,
  })
  expect(await receiver.next()).toMatchObject({
    count: 300,
    refused: { code: 'ERR_RESTART_TOO_MANY_DESCRIPTORS', hint: expect.stringContaining('ulimit -n') },
    leaked: 0,
  })
  await receiver.kill()
  const fds = parked.take()
  for (const fd of fds) binding().closeFd(fd)
  expect(fds).toHaveLength(300)
})

test('a process killed after it copied has taken nothing', async () => {
  const parked = park(Array(600).fill(0))
  for (let round = 0; round < 2; round++) {
    const copier = startProgram('park-limits', ['copier', '0'], { fds: parked.ends })
    expect(await copier.next()).toBe(600)
    await copier.kill()
    expect(parked.count).toBe(600)
  }
  parked.close()
})
