import { createLab, type Lab, type NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const cases = new URL('./cases/http.mjs', import.meta.url)

/**
 *     client                                            server
 *     d0  192.0.2.1/24, 2001:db8::1/64 ──────────────── d0  192.0.2.9/24, 2001:db8::9/64
 */
let lab: Lab
let client: NetnsChild
let server: NetnsChild

interface Answer {
  inSyn: boolean
  method: string
  length: number
  remotePort: number
}

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['client', 'server'],
    links: [{ a: 'client:d0 192.0.2.1/24 2001:db8::1/64', b: 'server:d0 192.0.2.9/24 2001:db8::9/64' }],
  })
  await lab.sysctl('server', 'net.ipv4.tcp_fastopen', '3')
  await lab.sysctl('client', 'net.ipv4.ip_local_port_range', '9000 9999')
  client = await lab.enter('client', cases)
  server = await lab.enter('server', cases)
})
afterEach(async () => {
  await client.call('reset')
  await server.call('reset')
})
afterAll(() => lab?.close())

/** A server that takes data in a SYN without a cookie, so that every connection shows what the client did. */
async function openServer(scheme: 'http' | 'https', address = '192.0.2.9'): Promise<string> {
  const port = await server.call<number>('serve', scheme, address, { noCookie: true })
  return `${scheme}://${address.includes(':') ? `[${address}]` : address}:${port}/`
}

const noCookie = { fastOpen: 'no-cookie' }

describe('an agent of node:http', () => {
  test('sends a GET in the SYN', async () => {
    const url = await openServer('http')
    await client.call('useAgent', 'http', noCookie)
    expect(await client.call<Answer>('get', url)).toMatchObject({ inSyn: true, method: 'GET' })
  })

  test('asks for the cookie first, and uses it from the second connection on', async () => {
    await lab.ip('client', 'tcp_metrics', 'flush', 'all')
    const port = await server.call<number>('serve', 'http', '192.0.2.9')
    const url = `http://192.0.2.9:${port}/`
    await client.call('useAgent', 'http', {})
    expect(await client.call<Answer>('get', url)).toMatchObject({ inSyn: false })
    expect(await client.call<Answer>('get', url)).toMatchObject({ inSyn: true })
  })

  test('works over IPv6', async () => {
    const url = await openServer('http', '2001:db8::9')
    await client.call('useAgent', 'http', noCookie)
    expect(await client.call<Answer>('get', url)).toMatchObject({ inSyn: true })
  })

  test('sends nothing in the SYN that must not be delivered twice, unless it may', async () => {
    const url = await openServer('http')
    const post = { method: 'POST', bodyBytes: 10 }
    await client.call('useAgent', 'http', noCookie)
    expect(await client.call<Answer>('get', url, post)).toMatchObject({ inSyn: false, length: 10 })
    await client.call('useAgent', 'http', { ...noCookie, replaySafe: true })
    expect(await client.call<Answer>('get', url, post)).toMatchObject({ inSyn: true, length: 10 })
  })

  test('sends no data in the SYN with fastOpen: false', async () => {
    const url = await openServer('http')
    await client.call('useAgent', 'http', { fastOpen: false })
    expect(await client.call<Answer>('get', url)).toMatchObject({ inSyn: false })
  })

  test('sends all of a body that no SYN can hold', async () => {
    const url = await openServer('http')
    await client.call('useAgent', 'http', noCookie)
    const put = { method: 'PUT', bodyBytes: 3_000_000 }
    expect(await client.call<Answer>('get', url, put)).toMatchObject({ inSyn: true, length: 3_000_000 })
  })

  test('keeps connections alive as the agent of Node does', async () => {
    const url = await openServer('http')
    await client.call('useAgent', 'http', { ...noCookie, keepAlive: true })
    const first = await client.call<Answer>('get', url)
    expect((await client.call<Answer>('get', url)).remotePort).toBe(first.remotePort)
    expect(await client.call('openSockets')).toBe(1)
  })

  test('stays in its slice, and says when that is full', async () => {
    const url = await openServer('http')
    const slice = { localAddress: '192.0.2.1', localPorts: { first: 9100, last: 9100 }, keepAlive: true }
    await client.call('useAgent', 'http', { ...noCookie, ...slice })
    expect((await client.call<Answer>('get', url)).remotePort).toBe(9100)
    await client.call('useAgent', 'http', { ...noCookie, ...slice })
    await expect(client.call('get', url)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL', syscall: 'connect' })
  })

  test('tells a request that nobody listens', async () => {
    await client.call('useAgent', 'http', noCookie)
    await expect(client.call('get', 'http://192.0.2.9:4444/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await client.call('useAgent', 'http', { fastOpen: false })
    await expect(client.call('get', 'http://192.0.2.9:4444/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('an agent of node:https', () => {
  test('sends the ClientHello in the SYN, whatever the method is', async () => {
    const url = await openServer('https')
    await client.call('useAgent', 'https', noCookie)
    const post = { method: 'POST', bodyBytes: 10 }
    expect(await client.call<Answer>('get', url)).toMatchObject({ inSyn: true, method: 'GET' })
    expect(await client.call<Answer>('get', url, post)).toMatchObject({ inSyn: true, length: 10 })
  })

  test('fails a request whose server speaks no TLS', async () => {
    const url = await openServer('http')
    await client.call('useAgent', 'https', noCookie)
    await expect(client.call('get', url.replace('http:', 'https:'))).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_SSL_|^EPROTO|^ECONNRESET/),
    })
  })
})

describe('a connector for undici', () => {
  test('sends a request in the SYN only if all requests may be delivered twice', async () => {
    const url = await openServer('http')
    expect(await client.call<Answer>('fetchWith', noCookie, url)).toMatchObject({ inSyn: false })
    const replaySafe = { ...noCookie, replaySafe: true }
    expect(await client.call<Answer>('fetchWith', replaySafe, url)).toMatchObject({ inSyn: true })
    const put = { method: 'PUT', bodyBytes: 100_000 }
    expect(await client.call<Answer>('fetchWith', replaySafe, url, put)).toMatchObject({
      inSyn: true,
      length: 100_000,
    })
  })

  test('sends the ClientHello in the SYN', async () => {
    const url = await openServer('https')
    expect(await client.call<Answer>('fetchWith', noCookie, url)).toMatchObject({ inSyn: true })
  })

  test('makes a second connection when the kernel loses the cookie before the ClientHello', async () => {
    const port = await server.call<number>('serve', 'https', '192.0.2.9')
    const url = `https://192.0.2.9:${port}/`
    expect(await client.call('fetchWithoutCookie', url)).toMatchObject({ inSyn: false, connections: 2 })
  })

  test('reaches an IPv6 address, which stands in brackets in a URL', async () => {
    const url = await openServer('http', '2001:db8::9')
    expect(await client.call<Answer>('fetchWith', noCookie, url)).toMatchObject({ method: 'GET' })
  })

  test('stays in its slice', async () => {
    const url = await openServer('http')
    const slice = { localAddress: '192.0.2.1', localPorts: 9101 }
    expect((await client.call<Answer>('fetchWith', slice, url)).remotePort).toBe(9101)
  })

  test('tells a request that nobody listens', async () => {
    await expect(client.call('fetchWith', {}, 'http://192.0.2.9:4444/')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    })
  })

  test('gives up after connectTimeoutMs', async () => {
    await lab.ip('client', 'route', 'replace', '203.0.113.0/24', 'via', '192.0.2.9')
    const hurried = { connectTimeoutMs: 50 }
    await expect(client.call('fetchWith', hurried, 'http://203.0.113.1/')).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })
})

test.each(['http', 'https', 'undici'])('%s options of a wrong type are refused at once', async (kind) => {
  await expect(client.call('construct', kind, { localPorts: { first: 9, last: 8 } })).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_VALUE',
  })
  await expect(client.call('construct', kind, { fastOpen: 'yes' })).rejects.toMatchObject({
    code: 'ERR_INVALID_ARG_TYPE',
  })
})
