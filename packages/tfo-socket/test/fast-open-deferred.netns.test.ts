import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createFastOpenLab, type FastOpenLab, families, synWithData } from './fast-open-lab.js'

interface Opened {
  id: number
  info: { dataAccepted: boolean; failure?: string; state: string }
}
interface Received {
  text: string
  dataAccepted: boolean
  ended: boolean
}

let room: FastOpenLab
beforeAll(async () => {
  room = await createFastOpenLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const port = 443
const request = 'GET / '.padEnd(300, 'x')

const received = () => room.server.call<Received[]>('received')

describe.each(families)('over $family', ({ host }) => {
  const open = (more: object = {}) =>
    room.client.call<Opened>('open', { host, port, deferSyn: true, fastOpen: 'no-cookie', ...more })
  const withCookie = { fastOpen: true }

  test('the SYN leaves with the first write and carries it, if the kernel has a cookie', async () => {
    await room.server.call('serve', { host, port, echo: true })
    const waited = await open({ ...withCookie, allowHalfOpen: true })
    expect(waited.info).toMatchObject({ state: 'ESTAB', failure: 'cookie-unavailable' })

    const { id, info } = await open({ ...withCookie, allowHalfOpen: true })
    expect(info).toMatchObject({ state: 'SYN-SENT', dataAccepted: false })
    expect(await received()).toHaveLength(1)
    await room.client.call('end', id, request)
    expect(await room.client.call('readAll', id)).toBe(request)
    expect((await received())[1]).toMatchObject({ dataAccepted: true })
    expect(await room.synsWithData()).toBe(1)
    expect(await room.client.call('bytesWritten', id)).toBe(request.length)
  })

  test('a first write of 1 MB loses nothing', async () => {
    await room.server.call('serve', { host, port, noCookie: true })
    const { id } = await open()
    await room.client.call('writePattern', id, 1_000_000)
    await waitFor(async () => (await room.server.call('receivedLength', 0)) === 1_000_000)
    expect(await room.server.call('receivedPattern', 0)).toBe(true)
    expect(await room.client.call('bytesWritten', id)).toBe(1_000_000)
    expect(await room.synsWithData()).toBe(1)
  })

  test('what is written corked travels together', async () => {
    await room.server.call('serve', { host, port, noCookie: true })
    const { id } = await open()
    await room.client.call('writeCorked', id, request, 'body', '\u00e9')
    await waitFor(async () => (await received())[0]?.text === `${request}body\u00e9`)
    expect(await received()).toMatchObject([{ dataAccepted: true }])
    expect(await room.synsWithData()).toBe(1)
  })

  test('a cookie that is gone when the first write comes costs a round trip, not the connection', async () => {
    await room.server.call('serve', { host, port })
    await open(withCookie)
    const { id, info } = await open(withCookie)
    expect(info).toMatchObject({ state: 'SYN-SENT' })
    await room.lab.ip('client', 'tcp_metrics', 'flush')
    await room.client.call('write', id, request)
    await waitFor(async () => (await received())[1]?.text === request)
    expect(await room.synsWithData()).toBe(0)
    expect(await room.client.call('info', id)).toMatchObject({ failure: 'cookie-unavailable' })
  })

  test('ending right after the first write does not take the data back from an unfinished handshake', async () => {
    await room.server.call('serve', { host, port, noCookie: true })
    await room.filter(`${synWithData} drop`)
    const { id } = await open()
    await room.client.call('end', id, request)
    await waitFor(async () => (await received())[0]?.ended)
    expect(await received()).toMatchObject([{ text: request, ended: true }])
  })

  test('a write of nothing sends nothing', async () => {
    await room.server.call('serve', { host, port, noCookie: true })
    const { id } = await open()
    await room.client.call('write', id, '')
    expect(await room.client.call('info', id)).toMatchObject({ state: 'SYN-SENT' })
    await room.client.call('write', id, request)
    await waitFor(async () => (await received())[0]?.text === request)
    expect(await received()).toMatchObject([{ dataAccepted: true }])
  })

  test('a refusal is an error of the socket', async () => {
    const { id } = await open()
    await room.client.call('write', id, request)
    expect(await room.client.call('errorOf', id)).toBe('ECONNREFUSED')
  })

  test('a socket that was destroyed before its first write sends no SYN', async () => {
    const { id } = await open()
    await room.lab.exec('client', 'ss', ['-K', 'state', 'syn-sent'])
    await room.client.call('write', id, request)
    expect(await room.client.call('errorOf', id)).toBe('ECONNABORTED')
    expect(await room.synsWithData()).toBe(0)
  })

  test('with Fast Open turned off meanwhile the first write fails, and nothing was sent', async () => {
    const { id } = await open()
    await room.lab.sysctl('client', 'net.ipv4.tcp_fastopen', '0')
    await room.client.call('write', id, request)
    expect(await room.client.call('errorOf', id)).toBe('ENOTSUP')
    expect(await room.synsWithData()).toBe(0)
  })

  test('a socket that is ended or destroyed before its first write leaves nothing behind', async () => {
    await room.server.call('serve', { host, port, noCookie: true })
    const before = await room.client.call('openSockets')
    await room.client.call('end', (await open()).id)
    await room.client.call('connectTimes', { host, port, deferSyn: true, fastOpen: 'no-cookie' }, 10)
    await waitFor(async () => (await room.client.call('openSockets')) === before)
    expect(await received()).toEqual([])
  })

  test('a socket that is destroyed while its end waits for the handshake is closed', async () => {
    await room.filter('drop')
    const before = await room.client.call('openSockets')
    const { id } = await open()
    await room.client.call('end', id, request)
    await room.client.call('destroy', id)
    await waitFor(async () => (await room.client.call('openSockets')) === before)
  })
})
