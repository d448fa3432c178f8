//   namespace a
//   ping 192.0.2.2 --- tun device 192.0.2.1/24 --- examples/ping-responder.mjs
import { readFileSync } from 'node:fs'
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
})
afterAll(() => lab?.close())

const example = new URL('../examples/ping-responder.mjs', import.meta.url)

test('the ping responder answers ping', async () => {
  const responder = lab.spawn('a', process.execPath, [example.pathname])
  await responder.waitForOutput(/answering on tun0/)
  const { stdout } = await lab.exec('a', 'ping', ['-c', '3', '-i', '0.05', '-W', '5', '192.0.2.77'])
  expect(stdout).toMatch(/ 3 received/)
  await responder.stop()
})

test('the README shows that program whole', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  const [, snippet] = /```js\n(.*?)```/s.exec(readme)!
  const [, program] = /^\/\/ [^\n]*\n(.*)$/s.exec(readFileSync(example, 'utf8'))!
  expect(snippet).toBe(program)
})
