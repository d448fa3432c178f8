import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { binding } from '../../src/binding.js'
import { inheritedDescriptors } from '../../src/descriptor/inherited-descriptors.js'
import type { ListenSocket } from '../../src/descriptor/listen-socket.js'
import { openListenSocket } from '../../src/descriptor/open-listen-socket.js'

const program = fileURLToPath(new URL('../programs/inherited.mjs', import.meta.url))

let socket: ListenSocket
let file: number

beforeEach(async () => {
  socket = await openListenSocket('main', { port: 0, host: '127.0.0.1' })
  file = openSync('/dev/null', 'r')
})
afterEach(() => {
  socket.close()
  closeSync(file)
})

interface Told {
  found: { fd: number; kind: string }[]
  passedOn: { fd: number; kind: string }[]
}

/** Runs the program with the socket as descriptor 20 and the file as 40, everything between closed. */
async function run(action: string): Promise<Told> {
  const gap = (length: number): 'ignore'[] => Array(length).fill('ignore')
  // A number that is "ignored" beyond stdio would be /dev/null: the shell closes them.
  const close = [...gap(17).keys(), ...[...gap(19).keys()].map((n) => n + 18)].map((n) => `${n + 3}>&-`)
  const child = spawn(
    'bash',
    ['-c', `exec "$0" "$@" ${close.join(' ')}`, process.execPath, program, action],
    {
      stdio: ['ignore', 'pipe', 'inherit', ...gap(17), socket.fd, ...gap(19), file],
    },
  )
  const [chunks, [status]] = await Promise.all([child.stdout!.toArray(), once(child, 'close')])
  expect(status).toBe(0)
  const told: Told = JSON.parse(Buffer.concat(chunks).toString())
  return { found: ours(told.found), passedOn: ours(told.passedOn) }
}

/** Whoever runs the tests may have left us some of their own. */
const ours = (told: Told['found']) => told.filter(({ fd }) => fd === 20 || fd === 40)

test('what was inherited behind a gap is found, though Node has missed it and passes it on', async () => {
  const expected = [
    { fd: 20, kind: 'socket' },
    { fd: 40, kind: 'device' },
  ]
  expect(await run('keep')).toEqual({ found: expected, passedOn: expected })
})

test('what was inherited behind a gap can be closed, and is passed on no more', async () => {
  expect(await run('close')).toMatchObject({ passedOn: [] })
})

test('nothing that this package makes is inherited', async () => {
  const before = inheritedDescriptors().map(({ fd }) => fd)
  const [end, other] = binding().socketPair('seqpacket')
  const memory = binding().memoryFile('test', 1)
  const child = spawn(process.execPath, [program, 'tell'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunks] = await Promise.all([child.stdout.toArray(), once(child, 'close')])
  const told: Told['found'] = JSON.parse(Buffer.concat(chunks).toString())
  expect(told.map(({ fd }) => fd)).toEqual(before)
  for (const fd of [end, other, memory]) binding().closeFd(fd)
})
