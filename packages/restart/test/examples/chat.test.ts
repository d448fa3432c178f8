import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { ExampleRoom, exampleAt, type Running } from './example-room.js'

const linesOf = ({ stdout }: Running): string[] => stdout.split('\n').filter(Boolean)

test('chat: clients move to the next version, which knows all that was said', async () => {
  await using room = new ExampleRoom()
  const first = await room.serve('chat.mjs', '0', room.control)
  const url = `ws://127.0.0.1:${await room.port()}`
  const join = (name: string) => room.launch(process.execPath, exampleAt('chat-client.mjs'), url, name)
  const ann = join('Ann')
  const bob = join('Bob')
  ann.say('hello')
  await bob.waitForOutput('Ann: hello (version 0)')

  // Ann goes on talking during the restart.
  const said: string[] = []
  const talking = setInterval(() => {
    said.push(`word ${said.length}`)
    ann.say(said.at(-1)!)
  }, 5)
  try {
    await waitFor(() => bob.stdout.includes('word 3'))
    await room.restart()
    await first.waitForOutput('version 1: port')
    for (const client of [ann, bob]) await client.waitForOutput('closed with 1001')
    const last = said.length + 3
    await waitFor(() => said.length > last)
  } finally {
    clearInterval(talking)
  }
  for (const client of [ann, bob]) await client.waitForOutput(`Ann: ${said.at(-1)} (version 1)`)
  const heard = linesOf(bob).filter((line) => line.startsWith('Ann: word'))
  const words = heard.map((line) => /^Ann: (.*) \(version [01]\)$/.exec(line)?.[1])
  expect(words.toSorted()).toEqual(said.toSorted())
  expect(heard.some((line) => line.endsWith('(version 0)'))).toBe(true)

  // Who comes now hears it all, from a process that was not there when it was said.
  const eve = join('Eve')
  await eve.waitForOutput(`Ann: ${said.at(-1)} (version 1)`)
  expect(linesOf(eve)).toContain('Ann: hello (version 0)')
  await waitFor(() => !room.living().includes(first.pid), { timeoutMs: 15_000 })
})
