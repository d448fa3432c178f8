import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { ExampleRoom, exampleAt, type Running } from './example-room.js'

const linesOf = ({ stdout }: Running): string[] => stdout.split('\n').filter(Boolean)

const wordsIn = (heard: Running): (string | undefined)[] =>
  linesOf(heard)
    .filter((line) => line.startsWith('Ann: word'))
    .map((line) => /^Ann: (.*) \(version \d\)$/.exec(line)?.[1])

async function openChat(room: ExampleRoom) {
  const server = await room.serve('chat.mjs', '0', room.control)
  const url = `ws://127.0.0.1:${await room.port()}`
  const enter = (name: string) => room.launch(process.execPath, exampleAt('chat-client.mjs'), url, name)
  return { server, enter, ann: enter('Ann'), bob: enter('Bob') }
}

/** Says one word after the other, until `meanwhile` is over and some more after it. */
async function talk(ann: Running, meanwhile: () => Promise<void>): Promise<string[]> {
  const said: string[] = []
  const talking = setInterval(() => {
    said.push(`word ${said.length}`)
    ann.say(said.at(-1)!)
  }, 5)
  try {
    await ann.waitForOutput('Ann: word 3')
    await meanwhile()
    const enough = said.length + 3
    await waitFor(() => said.length > enough)
  } finally {
    clearInterval(talking)
  }
  return said
}

test('chat: clients move to the next version, which knows all that was said', async () => {
  await using room = new ExampleRoom()
  const { server, enter, ann, bob } = await openChat(room)
  const said = await talk(ann, async () => {
    await bob.waitForOutput('Ann: word 3')
    await room.restart()
    for (const client of [ann, bob]) await client.waitForOutput('closed with 1001')
  })
  for (const client of [ann, bob]) await client.waitForOutput(`Ann: ${said.at(-1)} (version 1)`)
  expect(wordsIn(bob).toSorted()).toEqual(said.toSorted())

  // Who comes now hears it all, from a process that was not there when it was said.
  const eve = enter('Eve')
  await eve.waitForOutput(`Ann: ${said.at(-1)} (version 1)`)
  expect(linesOf(eve)).toContain('Ann: word 0 (version 0)')
  await waitFor(() => !room.living().includes(server.pid), { timeoutMs: 15_000 })
})

test('chat: what is said while a next version fails is not lost', async () => {
  await using room = new ExampleRoom()
  // With a file `break` a version fails when it has the state of the one before.
  const preload = join(room.folder, 'preload.mjs')
  writeFileSync(
    preload,
    `import { existsSync } from 'node:fs'
     import { Server } from 'node:net'
     if (existsSync('break')) Server.prototype.listen = () => { throw new Error('this version is broken') }`,
  )
  room.env.NODE_OPTIONS = `--import=${preload}`
  const { ann, bob } = await openChat(room)
  writeFileSync(join(room.folder, 'break'), '')
  const said = await talk(ann, async () => {
    await expect(room.restart()).rejects.toThrow('this version is broken')
    await ann.waitForOutput('closed with 1012')
  })
  await bob.waitForOutput(`Ann: ${said.at(-1)} (version 0)`)
  expect(wordsIn(bob).toSorted()).toEqual(said.toSorted())
})
