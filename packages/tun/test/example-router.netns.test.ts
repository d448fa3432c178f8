//   namespace left                                                                namespace right
//   tun device 192.0.2.1/24 --- examples/router.mjs 192.0.2.254, in namespace a --- tun device 192.0.2.2/24
//              2001:db8::1/64                                                                  2001:db8::2/64
import type { Lab, NamespaceProcess } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

const BYTES = 16 << 20

let lab: Lab
let router: NamespaceProcess

const example = new URL('../examples/router.mjs', import.meta.url).pathname
const cases = new URL('./cases/tcp-ends.mjs', import.meta.url)

beforeAll(async () => {
  lab = await createTunLab({ namespaces: ['a', 'left', 'right'] })
  router = lab.spawn('a', process.execPath, [example, lab.name('left'), lab.name('right')])
  await router.waitForOutput(/routing between/)
})
afterAll(() => lab?.close())

test.each(['192.0.2.2', '2001:db8::2'])('the router carries TCP to %s unchanged', async (address) => {
  const [client, server] = await Promise.all([lab.enter('left', cases), lab.enter('right', cases)])
  const port = await server.call('listen', address)
  const sent = await client.call('send', address, port, BYTES)
  expect(await server.call('received')).toBe(sent)
  await Promise.all([client.close(), server.close()])
})

test('each packet loses one of its time to live on the way', async () => {
  const { stdout } = await lab.exec('left', 'ping', ['-c', '1', '-W', '5', '192.0.2.2'])
  expect(stdout).toMatch(/ttl=63 /)
})

test('a packet whose time is over is answered by the router', async () => {
  const ping = lab.exec('left', 'ping', ['-n', '-c', '1', '-t', '1', '-W', '5', '192.0.2.2'])
  await expect(ping).rejects.toMatchObject({
    stdout: expect.stringMatching(/From 192\.0\.2\.254 .*Time to live exceeded/),
  })
})

test('interrupted, the router tells what it did, and takes both devices with it', async () => {
  expect(await router.stop('SIGINT')).toEqual({ code: 0, signal: null })
  for (const side of ['left', 'right']) {
    const [, packets, large] = new RegExp(`-${side}: (\\d+) in \\((\\d+) super\\)`).exec(router.stdout)!
    expect(Number(packets)).toBeGreaterThan(0)
    // Data goes from left to right, and comes in fewer pieces than it has segments.
    if (side === 'left') expect(Number(large)).toBeGreaterThan(0)
    expect(await lab.ip(side, 'link', 'show')).not.toContain('tun0')
  }
  expect(router.stdout).toMatch(/expired 1, told so 1, lost at the end 0$/m)
  expect(router.stderr).toBe('')
})

test('without two namespaces the router says how it is called', async () => {
  const call = lab.exec('a', process.execPath, [example])
  await expect(call).rejects.toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/^usage: /) })
})
