import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createFastOpenLab, type FastOpenLab, families } from './fast-open-lab.js'

interface Promoted {
  id: number
  local: [string, number]
  remote: [string, number]
  info: { dataAccepted: boolean; failure?: string; state: string }
}
interface Received {
  text: string
  dataAccepted: boolean
  from: [string, number]
}

let room: FastOpenLab
beforeAll(async () => {
  room = await createFastOpenLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const request = 'GET / '.padEnd(300, 'x')

async function reserve(options: object, kind = 'tuple'): Promise<number> {
  return (await room.client.call<{ id: number }>('reserve', kind, options)).id
}
const promote = (id: number, options: object = {}) =>
  room.client.call<Promoted>('promoteReservation', id, options)

describe.each(families)('over $family', ({ host, local }) => {
  const tuple = { address: local, ports: 9005, remoteAddress: host, remotePort: 443 }
  const taken = { code: 'EADDRNOTAVAIL', syscall: 'connect' }

  async function arrived(text: string): Promise<Received> {
    let latest: Received[] = []
    await waitFor(async () => {
      latest = await room.server.call<Received[]>('received')
      return latest[0]?.text === text
    })
    expect(latest).toHaveLength(1)
    return latest[0]!
  }

  test('a tuple becomes a connection between the same four ends, as the server sees them', async () => {
    await room.server.call('serve', { host, port: 443, banner: '220 ready' })
    const id = await reserve(tuple)
    const promoted = await promote(id)
    expect(promoted).toMatchObject({ local: [local, 9005], remote: [host, 443], info: { state: 'ESTAB' } })
    expect(await room.client.call('readOnce', promoted.id)).toBe('220 ready')
    expect(await room.client.call('isReleased', id)).toBe(true)
    expect(await room.synsWithData()).toBe(0)
    await room.client.call('write', promoted.id, 'hello')
    expect(await arrived('hello')).toMatchObject({ from: [local, 9005], dataAccepted: false })
  })

  test('its data travels in the SYN, without a cookie', async () => {
    await room.server.call('serve', { host, port: 443, noCookie: true })
    const { info } = await promote(await reserve(tuple), { data: request })
    expect(info).toMatchObject({ dataAccepted: true })
    expect(await room.synsWithData()).toBe(1)
    expect(await arrived(request)).toMatchObject({ from: [local, 9005], dataAccepted: true })
  })

  test('a server that wants a cookie gets the data after the handshake', async () => {
    await room.server.call('serve', { host, port: 443 })
    const { info } = await promote(await reserve(tuple), { data: request })
    expect(info).toMatchObject({ dataAccepted: false, failure: 'data-not-acknowledged' })
    await arrived(request)
  })

  test('nobody can have the tuple before, during or after the handshake', async () => {
    await room.server.call('serve', { host, port: 443 })
    await room.filter('drop')
    const id = await reserve(tuple)
    await expect(reserve(tuple)).rejects.toMatchObject(taken)
    const attempt = await room.client.call('beginPromotion', id, { data: request })
    await waitFor(async () => (await room.synsWithData()) > 0)
    await expect(reserve(tuple)).rejects.toMatchObject(taken)
    await room.filter('')
    await arrived(request)
    await expect(reserve(tuple)).rejects.toMatchObject(taken)
    expect(attempt).toEqual(expect.any(Number))
  })

  test('a reservation with a mark that steers its return packets away can lose it', async () => {
    await room.server.call('serve', { host, port: 443 })
    const { info } = await promote(await reserve({ ...tuple, mark: 42 }), { data: request, mark: 0 })
    expect(info).toMatchObject({ state: 'ESTAB' })
    await arrived(request)
  })

  test.each([{}, { data: request }])('if the remote refuses, the tuple is free: %j', async (options) => {
    const before = await room.client.call('openSockets')
    const id = await reserve(tuple)
    await expect(promote(id, options)).rejects.toMatchObject({
      name: 'TfoSocketError',
      code: 'ECONNREFUSED',
      syscall: 'connect',
      message: expect.stringContaining('free again'),
      address: local,
      remoteAddress: host,
    })
    expect(await room.client.call('isReleased', id)).toBe(true)
    expect(await room.client.call('openSockets')).toBe(before)
    await expect(reserve(tuple)).resolves.toEqual(expect.any(Number))
  })

  test('aborting the handshake frees the tuple', async () => {
    await room.filter('drop')
    const before = await room.client.call('openSockets')
    const id = await reserve(tuple)
    const attempt = await room.client.call('beginPromotion', id, { data: request })
    await waitFor(async () => (await room.synsWithData()) > 0)
    expect(await room.client.call('abort', attempt)).toBe('enough')
    expect(await room.client.call('openSockets')).toBe(before)
    await expect(reserve(tuple)).resolves.toEqual(expect.any(Number))
  })

  test('a tuple whose socket was destroyed sends no SYN for a name that it does not hold', async () => {
    const id = await reserve(tuple)
    await room.lab.exec('client', 'ss', ['-K', 'state', 'all', 'sport', '=', '9005'])
    await expect(promote(id, { data: request })).rejects.toMatchObject({
      code: 'ECONNABORTED',
      syscall: 'connect',
    })
    expect(await room.synsWithData()).toBe(0)
    expect(await room.client.call('isReleased', id)).toBe(true)
  })

  test('with Fast Open turned off meanwhile, the tuple stays reserved, with its mark', async () => {
    const id = await reserve({ ...tuple, mark: 7 })
    await room.lab.sysctl('client', 'net.ipv4.tcp_fastopen', '0')
    await expect(promote(id, { mark: 9 })).rejects.toMatchObject({
      code: 'ENOTSUP',
      syscall: 'send',
      hint: expect.stringContaining('net.ipv4.tcp_fastopen'),
    })
    expect(await room.client.call('isReleased', id)).toBe(false)
    const { stdout } = await room.lab.exec('client', 'ss', ['-Htane', 'sport', '=', '9005'])
    expect(stdout).toContain('fwmark:0x7')
    await room.lab.sysctl('client', 'net.ipv4.tcp_fastopen', '1')
    await expect(reserve(tuple)).rejects.toMatchObject(taken)
  })

  test('what holds no tuple, or nothing any more, is not promoted', async () => {
    const port = await reserve({ protocol: 'tcp', address: local, ports: 9010 }, 'port')
    await expect(promote(port)).rejects.toMatchObject({ name: 'RangeError', code: 'ERR_INVALID_ARG_VALUE' })
    const id = await reserve(tuple)
    await room.client.call('release', id)
    await expect(promote(id)).rejects.toMatchObject({ code: 'ERR_RELEASED' })
  })
})
