import { waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createFastOpenLab, type FastOpenLab, families } from './fast-open-lab.js'

let room: FastOpenLab
beforeAll(async () => {
  room = await createFastOpenLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

const { host, local, far } = families[0]
const port = 443
const data = 'GET / '.padEnd(300, 'x')

const ways: [string, object, string[]][] = [
  ['connected', { host, port }, ['connected']],
  ['connected with data', { host, port, data }, ['connected']],
  ['deferred', { host, port, deferSyn: true, fastOpen: 'no-cookie' }, ['connected']],
  ['refused', { host, port: 444 }, ['ECONNREFUSED']],
  ['refused with data', { host, port: 444, data, fastOpen: 'no-cookie' }, ['ECONNREFUSED']],
  ['refused by every address', { host: 'x', port: 444, addresses: [local, host] }, ['ECONNREFUSED']],
  ['refused a local address', { host, port, localAddress: far }, ['EADDRNOTAVAIL']],
  ['refused a device', { host, port, device: 'd9' }, ['ENODEV']],
  ['given the mistake of a lookup', { host: 'x', port, addresses: ['nonsense'] }, ['ERR_INVALID_ARG_VALUE']],
]

test.each(ways)('200 attempts that are %s leave no descriptor behind', async (_, options, codes) => {
  await room.server.call('serve', { host, port, noCookie: true })
  await room.client.call('connectTimes', options, 2)
  const before = await room.client.call('openDescriptors')
  expect(await room.client.call('connectTimes', options, 200)).toEqual(codes)
  expect(await room.client.call('openDescriptors')).toBe(before)
})

test('200 attempts that are aborted leave no descriptor behind', async () => {
  await room.filter('drop')
  await room.client.call('abortTimes', { host, port }, 2)
  const before = await room.client.call('openDescriptors')
  await room.client.call('abortTimes', { host, port, data, fastOpen: 'no-cookie' }, 100)
  await room.client.call('abortTimes', { host, port }, 100)
  expect(await room.client.call('openDescriptors')).toBe(before)
})

test('no listener stays on a signal', async () => {
  await room.server.call('serve', { host, port })
  const name = { host: 'server.example', port, addresses: [host] }
  const left = await room.client.call('listenersLeft', { host, port }, { host, port: 444 }, name)
  expect(left).toBe(0)
})

test('a worker that is terminated while it connects closes the socket, and the process lives', async () => {
  await room.filter('drop')
  const before = await room.client.call<number>('openSockets')
  await room.client.call('connectInWorker', { host, port })
  expect(await room.client.call('openSockets')).toBe(before + 1)
  await room.client.call('terminateWorker')
  await waitFor(async () => (await room.client.call('openSockets')) === before)
})

test('a connection that is being made holds the process open, and nothing does after it', async () => {
  const module = new URL('../dist/index.js', import.meta.url)
  const run = (address: string) =>
    room.lab.exec('client', process.execPath, [
      '--input-type=module',
      '--eval',
      `import { connect } from '${module}'
       connect({ host: '${address}', port: ${port} }).then(
         (socket) => socket.end(() => console.log('connected')),
         ({ code }) => console.log(code),
       )`,
    ])
  expect((await run(host)).stdout.trim()).toBe('ECONNREFUSED')
  await room.server.call('serve', { host, port, echo: true })
  expect((await run(host)).stdout.trim()).toBe('connected')
})
