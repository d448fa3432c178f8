//   client 10.0.0.2/24 ── 10.0.0.1/24 router 198.51.100.10/24 ── 198.51.100.1/24 inet
//   The router forwards; entries decide what it translates.
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createLab, type Lab, type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Conntrack, openConntrack, prepareTcp } from '../src/index.js'

let lab: Lab
let table: Conntrack
let client: NetnsChild
let router: NetnsChild
let inet: NetnsChild

const ROUTER = '198.51.100.10'
const INET = '198.51.100.1'

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['client', 'router', 'inet'],
    links: [
      ['client', 'eth0', '10.0.0.2/24', 'router', 'lan', '10.0.0.1/24'],
      ['router', 'eth0', `${ROUTER}/24`, 'inet', 'eth0', `${INET}/24`],
    ],
  })
  await lab.ip('client', 'route', 'add', 'default', 'via', '10.0.0.1')
  await lab.ip('inet', 'route', 'add', '10.0.0.0/24', 'via', ROUTER)
  await lab.sysctl('router', 'net.ipv4.ip_forward', '1')
  await lab.sysctl('router', 'net.netfilter.nf_conntrack_acct', '1')
  await lab.nft('router', await rulesetOfReadme())
  table = await openConntrack({ netns: lab.path('router') })
  const cases = new URL('./cases/tcp-ends.mjs', import.meta.url)
  ;[client, router, inet] = await Promise.all([
    lab.enter('client', cases),
    lab.enter('router', cases),
    lab.enter('inet', cases),
  ])
  await inet.call('serve', INET, 443)
  await inet.call('greet', INET, 80)
})
afterAll(async () => {
  await table?.close()
  await lab?.close()
})
afterEach(() => table.flush())

const readme = () => readFile(new URL('../README.md', import.meta.url), 'utf8')

async function rulesetOfReadme(): Promise<string> {
  const [, ruleset] = /```nft\n(.*?)```/s.exec(await readme())!
  return ruleset!
}

function pathOf(example: string): string {
  return fileURLToPath(new URL(`../examples/${example}.mjs`, import.meta.url))
}

async function run(example: string, args: string[], input?: string): Promise<string> {
  const options = input === undefined ? {} : { input }
  const { stdout } = await lab.exec('router', process.execPath, [pathOf(example), ...args], options)
  return stdout.trim()
}

/** What the client sends from a port of its own will come from another one of the router. */
function translate(sourcePort: number, destinationPort: number, port: number): Promise<void> {
  const original = { source: '10.0.0.2', destination: INET, sourcePort, destinationPort }
  return table.create(prepareTcp({ original, nat: { source: { address: ROUTER, port } } }))
}

test.each(['kill-flows', 'translate-flow', 'reserve-tuple', 'print-events', 'mirror-table'])(
  'the README shows the example %s as it runs',
  async (name) => {
    const text = await readFile(pathOf(name), 'utf8')
    expect(await readme()).toContain(`\`\`\`js\n${text}\`\`\``)
  },
)

test('an entry that is made before the first packet decides to what it is translated', async () => {
  const args = ['10.0.0.2:4000', `${INET}:443`, `${ROUTER}:9555`]
  expect(await run('translate-flow', args)).toBe(`replies to ${ROUTER}:9555 go to 10.0.0.2:4000`)
  expect(await client.call('open', INET, 443, '10.0.0.2', 4000)).toBe(`${ROUTER} 9555`)
})

test('without an entry a socket is moved to another port, and connect does not tell', async () => {
  await translate(4001, 443, 9000)
  expect(await router.call('open', INET, 443, ROUTER, 9000)).toMatch(/^198\.51\.100\.10 (?!9000$)/)
})

test('a tuple that is taken in the table keeps its port; one that a flow is translated to is not taken', async () => {
  await inet.call('greet', INET, 8080)
  await translate(4002, 8080, 9000)
  const lines = await run('reserve-tuple', [ROUTER, '9000-9009', INET, '8080'])
  expect(lines.split('\n')).toEqual(['9000 is taken (reply)', 'connected from 9001', `${ROUTER} 9001`])
})

test('a tuple is free again when the connection was refused', async () => {
  const lines = await run('reserve-tuple', [ROUTER, '9000-9009', INET, '81'])
  expect(lines).toBe('ECONNREFUSED, and 9000 is free again')
  expect(await table.list({ destinationPort: 81 })).toEqual([])
})

test('all entries of an address go, on either side of a translation', async () => {
  await translate(4003, 443, 9003)
  await client.call('open', INET, 443, '10.0.0.2', 4003)
  await router.call('open', INET, 443, ROUTER, 9100)
  expect(await run('kill-flows', [ROUTER])).toBe('2 deleted, 0 already gone, 0 not known to be gone')
  expect(await table.list()).toEqual([])
})

test('the flow that carries most stands first', async () => {
  await client.call('open', INET, 443, '10.0.0.2', 4005)
  await client.call('open', INET, 443, '10.0.0.2', 4006)
  await client.call('send', 4006, 50_000)
  const [count, first, second] = (await run('flow-top', ['--once'])).split('\n')
  expect(count).toBe('2 flows')
  expect(first).toMatch(/B tcp 10\.0\.0\.2 4006 → 198\.51\.100\.1 443$/)
  expect(second).toMatch(/B tcp 10\.0\.0\.2 4005 → 198\.51\.100\.1 443$/)
})

test('a table is written to JSON lines and made again, translations included', async () => {
  await translate(4007, 443, 9007)
  await client.call('open', INET, 443, '10.0.0.2', 4007)
  const [before] = await table.list()
  const exported = await run('export-flows', [])
  await table.flush()
  expect(await run('export-flows', ['--restore'], exported)).toBe('1 created, 0 were there, 0 failed')
  const [after] = await table.list()
  expect(after).toMatchObject({ original: before!.original, reply: before!.reply })
  expect(after?.protocolInfo?.tcp?.state).toBe('ESTABLISHED')
})

test('the mirror tells of a connection from its first packet until it is gone', async () => {
  await table.create(
    prepareTcp({ original: { source: '10.0.0.9', destination: INET, sourcePort: 1, destinationPort: 443 } }),
  )
  const mirror = lab.spawn('router', process.execPath, [pathOf('mirror-table')])
  await mirror.waitForOutput(/^flows at the start: 1$/m)
  await client.call('open', INET, 443, '10.0.0.2', 4008)
  await mirror.waitForOutput(/^\+ 10\.0\.0\.2 4008 → 198\.51\.100\.1 443 SYN_SENT$/m)
  await mirror.waitForOutput(/^ {2}10\.0\.0\.2 4008 → 198\.51\.100\.1 443 ESTABLISHED$/m)
  await table.flush({ sourcePort: 4008 })
  await mirror.waitForOutput(/^- 10\.0\.0\.2 4008 → 198\.51\.100\.1 443 \w+$/m)
  expect(await mirror.stop('SIGINT')).toEqual({ code: 0, signal: null })
  expect(mirror.stdout.trim().split('\n').at(-1)).toBe('flows at the end: 1')
  expect(mirror.stderr).toBe('')
})

test('events are printed as they come', async () => {
  const printer = lab.spawn('router', process.execPath, [pathOf('print-events')])
  await waitFor(async () => {
    await client.call('open', INET, 80, '10.0.0.2', 0)
    return printer.stdout !== ''
  })
  expect(printer.stdout).toMatch(/^new 10\.0\.0\.2 198\.51\.100\.1$/m)
  await printer.stop('SIGINT')
  expect(printer.stderr).toBe('')
})
