//   namespace a
//   this test --- tun device, ingress redirected to --- veth-a (8 kbit/s) --- veth-b
// The send buffer of the descriptor is made small, so what waits at veth-a fills it.
import { spawnSync } from 'node:child_process'
import { type Lab, waitFor } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DESCRIPTOR, DESCRIPTOR_WORDS, PacketBatch, TUN_COUNTER, type TunDevice } from '../src/index.js'
import { echoRequest } from './echo-packet.js'
import { createTunLab, HOST, openUp, PEER } from './tun-lab.js'

let lab: Lab
let device: TunDevice

beforeAll(async () => {
  lab = await createTunLab({ links: [['a', 'veth-a', '198.51.100.1/24', 'a', 'veth-b', '198.51.100.2/24']] })
  device = await openUp(lab)
  const tc = (line: string) => lab.exec('a', 'tc', line.split(' '))
  await tc('qdisc replace dev veth-a root tbf rate 8kbit burst 1600 latency 1000s')
  await tc(`qdisc add dev ${device.name} clsact`)
  const redirect = 'u32 match u32 0 0 action mirred egress redirect dev veth-a'
  await tc(`filter add dev ${device.name} ingress protocol ip ${redirect}`)
  const script = "import fcntl, struct; fcntl.ioctl(3, 0x400454d4, struct.pack('i', 20000))"
  // Not as descriptor 0: for the standard ones libuv clears O_NONBLOCK, which is shared with the queue.
  const stdio = ['ignore', 'ignore', 'inherit', device.queue.fd] as const
  expect(spawnSync('python3', ['-c', script], { stdio: [...stdio] }).status).toBe(0)
})
afterAll(async () => {
  await device?.close()
  await lab?.close()
})

test('writing stops in order at EAGAIN, and goes on from there when there is room', async () => {
  const batch = new PacketBatch({ packets: 64 })
  for (let i = 0; i < 64; i += 1) batch.append(echoRequest(PEER, HOST, i, 1000))
  batch.descriptors[63 * DESCRIPTOR_WORDS + DESCRIPTOR.status] = 99

  const { queue } = device
  const stopped = queue.writeBatch(batch)
  expect(stopped).toBeGreaterThan(0)
  expect(stopped).toBeLessThan(64)
  expect(queue.counters[TUN_COUNTER.packetsOut]).toBe(stopped)
  expect(queue.counters[TUN_COUNTER.writeAgain]).toBe(1)
  expect(queue.counters[TUN_COUNTER.writeErrors]).toBe(0)
  expect(batch.descriptors[63 * DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(99)

  await lab.exec('a', 'tc', ['qdisc', 'del', 'dev', 'veth-a', 'root'])
  let next = stopped
  await waitFor(() => {
    next = queue.writeBatch(batch, next)
    return next === 64
  })
  expect(queue.counters[TUN_COUNTER.packetsOut]).toBe(64)
  expect(batch.descriptors[63 * DESCRIPTOR_WORDS + DESCRIPTOR.status]).toBe(0)
})
