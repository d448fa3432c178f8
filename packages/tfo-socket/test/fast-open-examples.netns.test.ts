import { fileURLToPath } from 'node:url'
import { createLab, type Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'

/**
 *     client                              server
 *     d0  192.0.2.1/24 ──────────────── d0  192.0.2.9/24
 */
let lab: Lab

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['client', 'server'],
    links: [{ a: 'client:d0 192.0.2.1/24', b: 'server:d0 192.0.2.9/24' }],
  })
  await lab.sysctl('server', 'net.ipv4.tcp_fastopen', '3')
  await lab.sysctl('client', 'net.ipv4.ip_local_port_range', '9000 9999')
})
afterAll(() => lab?.close())

function path(example: string): string {
  return fileURLToPath(new URL(`../examples/${example}.mjs`, import.meta.url))
}

/** Starts an example in the server's namespace, and resolves when it listens. */
async function serve(example: string, port: number): Promise<void> {
  const server = await lab.spawn('server', process.execPath, [
    path(example),
    'server',
    '192.0.2.9',
    `${port}`,
  ])
  await server.waitForOutput(/listening on/)
}

async function run(example: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await lab.exec('client', process.execPath, [path(example), ...args])
  return stdout.trim().split('\n')
}

test('the echo example saves its round trip from the second connection on', async () => {
  await serve('fast-open-echo', 7007)
  expect(await run('fast-open-echo', 'client', '192.0.2.9', '7007', 'good morning')).toEqual([
    'first: good morning, not in the SYN',
    'second: good morning, in the SYN',
  ])
})

test('the HTTP example sends its requests in the SYN, by node:http and by fetch', async () => {
  await serve('http-fast-open', 8080)
  await lab.ip('client', 'tcp_metrics', 'flush', 'all')
  expect(await run('http-fast-open', 'client', 'http://192.0.2.9:8080/')).toEqual([
    'node:http: your request came after the handshake',
    'node:http: your request came in the SYN',
    'fetch: your request came in the SYN',
  ])
})

test('two programs share an address by ports, and neither takes a port of the other', async () => {
  await serve('fast-open-echo', 7008)
  const to = ['192.0.2.9', '7008']
  const [low, high] = await Promise.all([
    run('share-an-address', '192.0.2.1', '9000', '9004', ...to),
    run('share-an-address', '192.0.2.1', '9005', '9007', ...to),
  ])
  expect(low).toEqual(['5 connections from 192.0.2.1, ports 9000 9001 9002 9003 9004; then it was full'])
  expect(high).toEqual(['3 connections from 192.0.2.1, ports 9005 9006 9007; then it was full'])
})
