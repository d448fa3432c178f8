import { createLab, type Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'

const cases = new URL('./cases/lifetime.mjs', import.meta.url)

// host: lo only
let lab: Lab
beforeAll(async () => {
  lab = await createLab({ namespaces: ['host'] })
})
afterAll(() => lab.close())

test('a thousand sockets leave no descriptor behind', async () => {
  const child = await lab.enter('host', cases)
  const { before, after } = await child.call<{ before: number; after: number }>('descriptorsAfter', 1_000)
  expect(after).toBe(before)
})

test('a socket that could not be set up leaves no descriptor behind', async () => {
  const child = await lab.enter('host', cases)
  const { before, after } = await child.call<{ before: number; after: number }>(
    'descriptorsAfterFailures',
    100,
  )
  expect(after).toBe(before)
})

test('closing with requests in flight rejects them all', async () => {
  const child = await lab.enter('host', cases)
  expect(await child.call('closeWithRequestsInFlight')).toEqual(Array(4).fill('ERR_NETLINK_CLOSED'))
})

test('workers that are terminated while they poll neither abort the process nor leak descriptors', async () => {
  const child = await lab.enter('host', cases)
  const { before, after } = await child.call<{ before: number; after: number }>('terminateWorkers', 20)
  expect(after).toBeLessThanOrEqual(before + 2)
})

test('an exception of a subscriber is an uncaught exception of the process, and polling goes on', async () => {
  const child = await lab.enter('host', cases)
  expect(await child.call('throwFromSubscriber')).toEqual({ message: 'from the subscriber', mtu: 1400 })
})

test('without CAP_NET_ADMIN reading works and a change is refused with a hint', async () => {
  const child = await lab.enter('host', cases)
  expect(await child.call('changeWithoutCapability')).toMatchObject({
    links: ['lo'],
    code: 'EPERM',
    errno: -1,
    hint: expect.stringContaining('CAP_NET_ADMIN'),
  })
})

test('without CAP_NET_ADMIN a receive buffer is as large as the system allows, and says so', async () => {
  const child = await lab.enter('host', cases)
  const { inForce, grown } = await child.call<{ inForce: number; grown: number }>(
    'buffersWithoutCapability',
    512 << 20,
  )
  expect(inForce).toBeGreaterThan(4_096)
  expect(inForce).toBeLessThan(512 << 20)
  expect(grown).toBe(inForce)
})

test('an open socket that waits for nothing lets the process end', async () => {
  const { pathname } = new URL('./cases/idle.mjs', import.meta.url)
  const { stdout } = await lab.exec('host', process.execPath, [pathname])
  expect(stdout).toBe('lo\n')
})
