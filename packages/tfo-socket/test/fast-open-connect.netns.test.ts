import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createFastOpenLab, type FastOpenLab, families, synWithData } from './fast-open-lab.js'

interface Opened {
  id: number
  local: [string, number]
  remote: [string, number]
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

const open = (options: object) => room.client.call<Opened>('open', options)
const received = () => room.server.call<Received[]>('received')

/** Waits for what the server has of its connections, in the order in which they came. */
async function arrived(...texts: string[]): Promise<Received[]> {
  let latest: Received[] = []
  await waitFor(async () => {
    latest = await received()
    return texts.every((text, i) => latest[i]?.text === text)
  })
  expect(latest).toHaveLength(texts.length)
  return latest
}

describe.each(families)('over $family', ({ host, local, far }) => {
  test('the first connection asks for a cookie, and the next one sends its data in the SYN', async () => {
    const counter = (child: 'client' | 'server', name: string) =>
      room[child].call<number>('kernelCounter', 'TcpExt', name)
    expect(await room.server.call('serve', { host, port })).toMatchObject({ fastOpen: true })
    const active = await counter('client', 'TCPFastOpenActive')
    const passive = await counter('server', 'TCPFastOpenPassive')

    const first = await open({ host, port, data: request })
    expect(first.info).toMatchObject({ dataAccepted: false, failure: 'cookie-unavailable', state: 'ESTAB' })
    await arrived(request)
    expect(await room.synsWithData()).toBe(0)

    const second = await open({ host, port, data: request })
    expect(second.info).toMatchObject({ dataAccepted: true, state: 'ESTAB', bytesAcked: 301n })
    expect(second.info).not.toHaveProperty('failure')
    expect(await arrived(request, request)).toMatchObject([{ dataAccepted: false }, { dataAccepted: true }])
    expect(await room.synsWithData()).toBe(1)
    expect(await counter('client', 'TCPFastOpenActive')).toBe(active + 1)
    expect(await counter('server', 'TCPFastOpenPassive')).toBe(passive + 1)
  })

  test('without a cookie the very first SYN carries data, if the server allows it', async () => {
    await room.server.call('serve', { host, port, noCookie: true })
    const { info } = await open({ host, port, data: request, fastOpen: 'no-cookie' })
    expect(info).toMatchObject({ dataAccepted: true })
    expect(await room.synsWithData()).toBe(1)
    expect(await arrived(request)).toMatchObject([{ dataAccepted: true }])
  })

  test('data without a cookie that the server does not take in the SYN arrives after it, once', async () => {
    await room.server.call('serve', { host, port })
    const { info } = await open({ host, port, data: request, fastOpen: 'no-cookie' })
    expect(info).toMatchObject({ dataAccepted: false, failure: 'data-not-acknowledged' })
    await arrived(request)
  })

  test('a server that has Fast Open off says so, and is connected to all the same', async () => {
    await room.lab.sysctl('server', 'net.ipv4.tcp_fastopen', '1')
    expect(await room.server.call('serve', { host, port })).toMatchObject({
      fastOpen: false,
      hint: expect.stringContaining('sysctl -w net.ipv4.tcp_fastopen=3'),
    })
    for (let i = 0; i < 2; i += 1) {
      expect((await open({ host, port, data: request })).info).toMatchObject({ dataAccepted: false })
    }
    await arrived(request, request)
    expect(await room.synsWithData()).toBe(0)
  })

  test('a client that has Fast Open off sends the data after the handshake', async () => {
    await room.lab.sysctl('client', 'net.ipv4.tcp_fastopen', '0')
    await room.server.call('serve', { host, port, noCookie: true })
    await open({ host, port, data: request, fastOpen: 'no-cookie' })
    await open({ host, port, data: request })
    await arrived(request, request)
    expect(await room.synsWithData()).toBe(0)
  })

  test('fastOpen: false keeps data out of the SYN although there is a cookie', async () => {
    await room.server.call('serve', { host, port })
    await open({ host, port, data: request })
    await open({ host, port, data: request, fastOpen: false })
    await arrived(request, request)
    expect(await room.synsWithData()).toBe(0)
  })

  test('a path that drops SYNs with data delays the connection, and the data arrives once', async () => {
    await room.server.call('serve', { host, port })
    await open({ host, port, data: request })
    await room.filter(`${synWithData} drop`)
    const { info } = await open({ host, port, data: request })
    expect(info).toMatchObject({ dataAccepted: false, failure: 'syn-retransmitted' })
    await arrived(request, request)
  })

  test('a path that strips the option leaves an ordinary connection', async () => {
    await room.server.call('serve', { host, port })
    await room.filter('tcp flags & syn == syn reset tcp option 34')
    for (let i = 0; i < 2; i += 1) {
      const { info } = await open({ host, port, data: request })
      expect(info).toMatchObject({ dataAccepted: false, failure: 'cookie-unavailable' })
    }
    await arrived(request, request)
  })

  test('data larger than a SYN arrives in order, before anything written later', async () => {
    const length = 1_000_000
    await room.server.call('serve', { host, port, noCookie: true })
    const { id } = await open({ host, port, patternLength: 251 * 2000, fastOpen: 'no-cookie' })
    await room.client.call('writePattern', id, length - 251 * 2000)
    await waitFor(async () => (await room.server.call('receivedLength', 0)) === length)
    expect(await room.server.call('receivedPattern', 0)).toBe(true)
    expect(await room.client.call('info', id)).toMatchObject({ dataAccepted: true })
    expect(await room.synsWithData()).toBe(1)
  })

  test('a server that speaks first is heard, when there is nothing to send', async () => {
    await room.server.call('serve', { host, port, banner: '220 ready' })
    const { id, remote } = await open({ host, port })
    expect(remote).toEqual([host, port])
    expect(await room.client.call('readOnce', id)).toBe('220 ready')
  })

  test('half of the connection can be closed, and the other half be read', async () => {
    await room.server.call('serve', { host, port, echo: true, noCookie: true })
    const options = { host, port, data: 'ping ', fastOpen: 'no-cookie', allowHalfOpen: true }
    const { id } = await open(options)
    await room.client.call('end', id, 'pong')
    expect(await room.client.call('readAll', id)).toBe('ping pong')
  })

  test.each([{}, { data: request, fastOpen: 'no-cookie' }])(
    'a refusal names the remote: %j',
    async (more) => {
      await expect(open({ host, port, ...more })).rejects.toMatchObject({
        name: 'TfoSocketError',
        code: 'ECONNREFUSED',
        syscall: 'connect',
        remoteAddress: host,
        remotePort: port,
      })
    },
  )

  test('a remote without a route, here or farther on, is unreachable', async () => {
    const unreachable = { code: expect.stringMatching(/^E(NET|HOST)UNREACH$/), syscall: 'connect' }
    await expect(open({ host: far, port })).rejects.toMatchObject(unreachable)
    await room.lab.ip('client', 'route', 'add', 'unreachable', far)
    await expect(open({ host: far, port })).rejects.toMatchObject(unreachable)
    await room.lab.ip('client', 'route', 'del', 'unreachable', far)
  })

  test('a remote that never answers times out', async () => {
    await room.lab.sysctl('client', 'net.ipv4.tcp_syn_retries', '1')
    await room.filter('drop')
    await expect(open({ host, port })).rejects.toMatchObject({ code: 'ETIMEDOUT', remoteAddress: host })
    await room.lab.sysctl('client', 'net.ipv4.tcp_syn_retries', '6')
  })

  test('the addresses of a name are tried one after the other', async () => {
    await room.server.call('serve', { host, port })
    const { remote } = await open({ host: 'server.example', port, addresses: [local, host] })
    expect(remote).toEqual([host, port])
  })

  test('if no address of a name answers, the last refusal tells of the others', async () => {
    await expect(open({ host: 'server.example', port, addresses: [local, host] })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      remoteAddress: host,
      hint: `ECONNREFUSED ${local}, ECONNREFUSED ${host}`,
    })
    await expect(open({ host: 'server.example', port, addresses: [] })).rejects.toMatchObject({
      code: 'ENOTFOUND',
    })
  })

  test('an attempt that is aborted rejects with the reason of the signal', async () => {
    await room.filter('drop')
    const id = await room.client.call('begin', { host, port, data: request, fastOpen: 'no-cookie' })
    await waitFor(async () => (await room.synsWithData()) > 0)
    expect(await room.client.call('abort', id)).toBe('enough')
    expect(await room.client.call('abortEarly', { host, port })).toEqual(['enough', 'enough'])
  })

  test('local ports are picked from a range until none is left for this remote', async () => {
    await room.server.call('serve', { host, port })
    const options = { host, port, localAddress: local, localPorts: { first: 9100, last: 9102 } }
    const ports: number[] = []
    for (let i = 0; i < 3; i += 1) ports.push((await open({ ...options, data: request })).local[1])
    expect(ports.sort()).toEqual([9100, 9101, 9102])
    await expect(open(options)).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      syscall: 'connect',
      full: true,
    })
    await expect(open({ ...options, localPorts: 9100 })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      full: false,
    })
    await expect(open({ ...options, localPorts: { first: 8000, last: 8002 } })).rejects.toMatchObject({
      code: 'ERR_PORT_OUTSIDE_RANGE',
    })
    expect((await open({ ...options, localPorts: 9103 })).local).toEqual([local, 9103])
    expect((await open({ host, port, localAddress: local })).local[0]).toBe(local)
  })

  test('a local address that the host does not have is refused', async () => {
    await expect(open({ host, port, localAddress: far })).rejects.toMatchObject({
      code: 'EADDRNOTAVAIL',
      syscall: 'bind',
      hint: expect.any(String),
    })
  })

  test('marks and devices are set before anything is sent', async () => {
    await room.server.call('serve', { host, port })
    await expect(open({ host, port, mark: 42, device: 'd0' })).resolves.toBeDefined()
    await expect(open({ host, port, device: 'd9' })).rejects.toMatchObject({
      code: 'ENODEV',
      syscall: 'setsockopt(SO_BINDTODEVICE)',
      hint: expect.any(String),
    })
  })
})

test('a local address and a remote of two families are the mistake of the caller', async () => {
  await expect(open({ host: '198.51.100.2', port, localAddress: '2001:db8:1::2' })).rejects.toMatchObject({
    name: 'RangeError',
    code: 'ERR_INVALID_ARG_VALUE',
  })
})

test('a name is looked up where the host looks', async () => {
  await expect(open({ host: 'localhost', port: 444 })).rejects.toMatchObject({
    code: 'ECONNREFUSED',
    remoteAddress: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
  })
})

test('a link-local address needs a device, and says so', async () => {
  const [link] = JSON.parse(await room.lab.ip('router', '-j', '-6', 'address', 'show', 'dev', 'c0'))
  const host = link.addr_info.find(({ scope }: { scope: string }) => scope === 'link').local
  await expect(open({ host, port: 444, device: 'd0' })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await expect(open({ host, port: 444 })).rejects.toMatchObject({
    code: 'EINVAL',
    hint: expect.stringContaining('options.device'),
  })
})
