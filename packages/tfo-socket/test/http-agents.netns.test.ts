import { createLab, type Lab, type NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const cases = new URL('./cases/http.mjs', import.meta.url)

/**
 *     client                           server
 *     d0  192.0.2.1/24 ─────────────── d0  192.0.2.9/24
 *
 * 203.0.113.0/24 lies behind the server, which drops what is sent there.
 */
let lab: Lab
let client: NetnsChild
let server: NetnsChild

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['client', 'server'],
    links: [{ a: 'client:d0 192.0.2.1/24', b: 'server:d0 192.0.2.9/24' }],
  })
  await lab.ip('client', 'route', 'add', '203.0.113.0/24', 'via', '192.0.2.9')
  client = await lab.enter('client', cases)
  server = await lab.enter('server', cases)
})
afterEach(async () => {
  await client.call('reset')
  await server.call('reset')
})
afterAll(() => lab?.close())

async function openServer(scheme: string): Promise<string> {
  const port = await server.call<number>('serve', scheme, '192.0.2.9')
  return `${scheme}://192.0.2.9:${port}/`
}

describe.each(['http', 'https'])('while an agent of node:%s connects', (scheme) => {
  const nowhere = `${scheme}://203.0.113.1:4444/`

  test.each([
    ['destroy', ['ECONNRESET']],
    ['destroy with an error', ['MINE']],
    ['abort', ['ECONNRESET']],
    ['end the agent of', ['ECONNRESET']],
  ])('to %s a request ends it and closes the socket', async (way, events) => {
    await client.call('useAgent', scheme, { keepAlive: true })
    expect(await client.call('endWhileConnecting', nowhere, way)).toEqual(events)
  })

  test('a timeout of the request, or of the agent, is told', async () => {
    const wait = 'wait for the timeout of'
    const told = ['timeout', 'ECONNRESET']
    await client.call('useAgent', scheme, {})
    expect(await client.call('endWhileConnecting', nowhere, wait, { timeout: 50 })).toEqual(told)
    await client.call('useAgent', scheme, { timeout: 50 })
    expect(await client.call('endWhileConnecting', nowhere, wait)).toEqual(told)
  })

  test('maxSockets counts connections that are still being made', async () => {
    const url = await openServer(scheme)
    await client.call('useAgent', scheme, { maxSockets: 2, keepAlive: true })
    const answers = await client.call<{ remotePort: number }[]>('getTogether', url, 10)
    expect(new Set(answers.map(({ remotePort }) => remotePort)).size).toBe(2)
  })

  test('requests that wait get connections of their own where none is kept alive', async () => {
    const url = await openServer(scheme)
    await client.call('useAgent', scheme, { maxTotalSockets: 2 })
    const answers = await client.call<{ remotePort: number }[]>('getTogether', url, 10)
    expect(new Set(answers.map(({ remotePort }) => remotePort)).size).toBe(10)
  })

  test('each request that waits is told of a refusal once, and none waits for ever', async () => {
    const url = `${scheme}://192.0.2.9:4444/`
    await client.call('useAgent', scheme, { maxSockets: 2 })
    const refused = { code: 'ECONNREFUSED' }
    expect(await client.call('getTogether', url, 5)).toEqual(Array(5).fill(refused))
    expect(await client.call('openSockets')).toBe(0)
  })
})

test('the timeout of an agent counts for the connection too', async () => {
  const url = await openServer('http')
  await client.call('useAgent', 'http', { timeout: 50 })
  const wait = 'wait for the timeout of'
  expect(await client.call('endWhileConnecting', `${url}never`, wait)).toEqual([
    'socket',
    'timeout',
    'ECONNRESET',
  ])
})

test('TLS options that are refused leave no descriptor behind', async () => {
  const url = await openServer('https')
  await client.call('useAgent', 'https', { fastOpen: 'no-cookie' })
  expect(await client.call('sendRefusedByTls', url)).toBe('ERR_TLS_INVALID_PROTOCOL_VERSION')
})

test.each([
  [{ connectTimeoutMs: '1' }, 'ERR_INVALID_ARG_TYPE'],
  [{ connectTimeoutMs: 2 ** 31 }, 'ERR_INVALID_ARG_VALUE'],
  [{ connectTimeoutMs: 0 }, 'ERR_INVALID_ARG_VALUE'],
  [{ conectTimeoutMs: 1 }, 'ERR_INVALID_ARG_VALUE'],
])('a connector for undici refuses %j at once', async (options, code) => {
  await expect(client.call('construct', 'undici', options)).rejects.toMatchObject({ code })
})
