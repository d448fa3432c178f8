import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createLab, type Lab } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'

const directory = new URL('../examples/', import.meta.url)

// host: lo only      other: lo only
let lab: Lab
beforeEach(async () => {
  lab = await createLab({ namespaces: ['host', 'other'] })
})
afterEach(() => lab.close())

async function run(name: string, ...args: string[]): Promise<string> {
  const program = fileURLToPath(new URL(name, directory))
  const { stdout } = await lab.exec('host', process.execPath, [program, ...args])
  return stdout
}

test('route-marked-packets.mjs installs a rule, and finds it there the second time', async () => {
  expect(await run('route-marked-packets.mjs')).toBe('marked packets now go to lo\n')
  expect(await run('route-marked-packets.mjs')).toBe('nothing to do\n')
  const resolved = JSON.parse(await lab.ip('host', '-json', 'route', 'get', '203.0.113.1', 'mark', '42'))
  expect(resolved).toMatchObject([{ dev: 'lo', table: '100', prefsrc: '198.51.100.10' }])
})

test('watch-addresses.mjs tells the addresses that come', async () => {
  expect(await run('watch-addresses.mjs')).toBe('new address 192.0.2.1\nnew address 192.0.2.2\n')
})

test('watch-links.mjs tells what happens to lo', async () => {
  expect(await run('watch-links.mjs')).toBe('watching lo\nlo is down\nlo is up\nlo has an MTU of 1400\n')
})

test('connect-namespaces.mjs lays a cable with all that belongs to it, and hears that it is gone', async () => {
  expect(await run('connect-namespaces.mjs', lab.path('other'))).toBe(
    [
      '1000 routes are new',
      '0 were refused',
      'the far end is known',
      'without the cable there is no route\n',
    ].join('\n'),
  )
})

test('the README shows the first example as it is, and the watch of another', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const example = await readFile(new URL('route-marked-packets.mjs', directory), 'utf8')
  expect(readme).toContain(`\`\`\`js\n${example}\`\`\``)
  const watching = await readFile(new URL('watch-links.mjs', directory), 'utf8')
  const watch = watching.slice(watching.indexOf('const watch'), watching.indexOf("console.log('watching"))
  expect(readme).toContain(`\`\`\`js\n${watch}\`\`\``)
})
