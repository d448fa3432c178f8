//   client                edge
//   eth0 192.0.2.2/24 --- wg0 192.0.2.1/24
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLab, type Lab } from '../src/index.js'

let lab: Lab

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['client', 'edge'],
    links: [['client', 'eth0', '192.0.2.2/24', 'edge', 'wg0', '192.0.2.1/24']],
  })
})

afterAll(() => lab?.close())

test('a datagram from one namespace is answered by another', async () => {
  const cases = new URL('./echo-cases.mjs', import.meta.url)
  const [client, edge] = await Promise.all([lab.enter('client', cases), lab.enter('edge', cases)])
  const port = await edge.call<number>('serve', '192.0.2.1')
  const bytes = Uint8Array.of(1, 2, 3)
  expect(await client.call('ask', '192.0.2.1', port, bytes)).toEqual({ answer: bytes, from: '192.0.2.1' })
})
