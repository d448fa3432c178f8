import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createFastOpenLab, type FastOpenLab, families } from './fast-open-lab.js'

let room: FastOpenLab
beforeAll(async () => {
  room = await createFastOpenLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const port = 443

describe.each(families)('over $family', ({ host, far }) => {
  test('the request of an HTTP client is in the SYN, and the server knows', async () => {
    await room.server.call('serveHttp', { host, port })
    const options = { host, port, deferSyn: true }
    expect(await room.client.call('request', options, '/first')).toMatchObject({ body: '/first false' })
    expect(await room.client.call('request', options, '/second')).toMatchObject({
      body: '/second true',
      info: { dataAccepted: true },
    })
    expect(await room.synsWithData()).toBe(1)
  })

  test('over TLS it is the ClientHello that the SYN carries', async () => {
    const tls = await certificate()
    await room.server.call('serveHttp', { host, port }, tls)
    const options = { host, port, deferSyn: true }
    expect(await room.client.call('request', options, '/first', {})).toMatchObject({ body: '/first false' })
    expect(await room.client.call('request', options, '/second', {})).toMatchObject({
      body: '/second true',
      info: { dataAccepted: true },
    })
    expect(await room.synsWithData()).toBe(1)
  })

  test('a port that another server has is refused, and leaves no descriptor behind', async () => {
    await room.server.call('serve', { host, port })
    await room.server.call('listenTimes', { host, port }, 1)
    const before = await room.server.call('openDescriptors')
    expect(await room.server.call('listenTimes', { host, port }, 100)).toEqual(['EADDRINUSE'])
    expect(await room.server.call('listenTimes', { host: far, port }, 100)).toEqual(['EADDRNOTAVAIL'])
    expect(await room.server.call('openDescriptors')).toBe(before)
    await expect(room.server.call('serve', { host, port })).rejects.toMatchObject({
      name: 'TfoSocketError',
      code: 'EADDRINUSE',
      syscall: 'bind',
      address: host,
      firstPort: port,
    })
  })
})

/** A key and a certificate for it, made anew. */
async function certificate(): Promise<{ key: string; cert: string }> {
  const key = join(tmpdir(), `fast-open-${process.pid}.key`)
  const cert = join(tmpdir(), `fast-open-${process.pid}.pem`)
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  const names = ['-subj', '/CN=server.example', '-keyout', key, '-out', cert]
  await room.lab.exec('server', 'openssl', ['req', ...kind, ...names])
  try {
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  } finally {
    await Promise.all([rm(key), rm(cert)])
  }
}

test('without a host both families are served, and ipv6Only leaves IPv4 alone', async () => {
  const both = await room.server.call<{ port: number }>('serve', { port: 0 })
  const v6 = await room.server.call<{ port: number }>('serve', { host: '::', port: 0, ipv6Only: true })
  for (const { host } of families) {
    await expect(room.client.call('open', { host, port: both.port })).resolves.toBeDefined()
  }
  await expect(room.client.call('open', { host: families[1].host, port: v6.port })).resolves.toBeDefined()
  await expect(room.client.call('open', { host: families[0].host, port: v6.port })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
  })
})

test('the backlog is what was asked for', async () => {
  await room.server.call('serve', { host: '198.51.100.2', port, backlog: 17 })
  const { stdout } = await room.lab.exec('server', 'ss', ['-Hltn', 'sport', '=', `${port}`])
  expect(stdout.trim().split(/\s+/)).toMatchObject({ 1: '0', 2: '17' })
})

test('a queue of 0 is an ordinary server, and says so', async () => {
  expect(await room.server.call('serve', { port, fastOpenQueue: 0 })).toMatchObject({
    fastOpen: false,
    hint: 'options.fastOpenQueue is 0',
  })
})

test('a worker of a cluster is told that it cannot, instead of another descriptor being served', async () => {
  const program = fileURLToPath(new URL('./cases/cluster-listen.mjs', import.meta.url))
  const { stdout } = await room.lab.exec('server', process.execPath, [program])
  expect(stdout.trim()).toBe('ERR_CLUSTER_WORKER')
})

test('a server that is closed before it listens does not let its caller wait', async () => {
  expect(await room.server.call('listenAndClose', { host: '198.51.100.2', port })).toBe(
    'ERR_SERVER_NOT_RUNNING',
  )
})

test('a server that listens already refuses, and leaves no descriptor and no listener behind', async () => {
  const options = { host: '198.51.100.2', port }
  expect(await room.server.call('listenTwice', options)).toBe('ERR_SERVER_ALREADY_LISTEN')
  const { stdout } = await room.lab.exec('server', 'ss', ['-Hltn'])
  expect(stdout.trim().split('\n')).toHaveLength(1)
})
