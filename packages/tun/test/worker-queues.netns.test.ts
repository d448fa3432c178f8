//   namespace a, all in one process
//   main thread: flows of UDP and TCP 192.0.2.1 -> 192.0.2.2 --- tun device ==== one queue a worker, which swaps the addresses
//   main thread: receiver             192.0.2.1 <- 192.0.2.2 --- tun device ===/
import { type Lab, type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTunLab, HOST, PEER, queueCounts } from './tun-lab.js'

const QUEUES = 3
const FLOWS = 30
const MIB = 1 << 20

let lab: Lab
let child: NetnsChild

// A lab for each, or a connection that says goodbye late is a flow of the next test.
beforeEach(async () => {
  lab = await createTunLab()
  child = await lab.enter('a', new URL('./cases/several-queues.mjs', import.meta.url))
})
afterEach(() => lab?.close())

type Flows = Record<string, number>

const flowsOf = (seen: Flows[]) => seen.map((flows) => Object.keys(flows))
const total = (flows: Flows) => Object.values(flows).reduce((sum, packets) => sum + packets, 0)

test.each(['off', 'split', 'raw'])(
  'with offload %s, every flow stays on one queue and in order, while each is answered where it came from',
  async (offload) => {
    await child.call('openWithWorkers', QUEUES, { offload })
    await child.call('openFlows', HOST, PEER, FLOWS)
    expect(await child.call('sendNumbered', 100)).toEqual({ disordered: 0 })
    const transfers = await Promise.all([1, 2, 3, 4].map(() => child.call('transfer', HOST, PEER, MIB)))
    expect(transfers).toEqual(Array(4).fill({ intact: true, remote: PEER }))

    const queues = flowsOf(await child.call<Flows[]>('seenFlows'))
    expect(new Set(queues.flat()).size).toBe(FLOWS + 4)
    expect(queues.flat()).toHaveLength(FLOWS + 4)
    for (const flows of queues) expect(flows.length).toBeGreaterThan(0)
  },
)

test('the thread that gave the queues away still reads their counters', async () => {
  await child.call('openWithWorkers', QUEUES)
  await child.call('openFlows', HOST, PEER, FLOWS)
  await child.call('sendNumbered', 20)
  const seen = await child.call<Flows[]>('seenFlows')
  expect(await child.call('packetsIn')).toEqual(seen.map(total))
  expect(seen.reduce((sum, flows) => sum + total(flows), 0)).toBe(FLOWS * 20)
})

test('the queue of a worker that is terminated is closed, and its flows move to the others', async () => {
  const name = await child.call<string>('openWithWorkers', QUEUES)
  await child.call('openFlows', HOST, PEER, FLOWS)
  await child.call('sendNumbered', 4)
  const [orphaned = {}] = await child.call<Flows[]>('seenFlows')
  expect(Object.keys(orphaned).length).toBeGreaterThan(0)

  await child.call('terminateFirst')
  await waitFor(async () => (await queueCounts(lab, name)).attached === QUEUES - 1)
  expect(await child.call('countDescriptors')).toBe(QUEUES - 1)
  expect(await child.call('sendNumbered', 100)).toEqual({ disordered: 0 })
  const queues = flowsOf(await child.call<Flows[]>('seenFlows'))
  expect(queues.flat().sort()).toEqual(expect.arrayContaining(Object.keys(orphaned)))
})

test('a worker terminated under load takes neither the process nor the other queues with it', async () => {
  await child.call('openWithWorkers', QUEUES)
  await child.call('openFlows', HOST, PEER, FLOWS)
  const load = Array.from({ length: 20 }, () => child.call('sendOnce'))
  await child.call('terminateFirst')
  await Promise.all(load)
  await child.call('settle')
  expect(await child.call('sendNumbered', 20)).toEqual({ disordered: 0 })
})

test('a device whose queues are all with workers goes with the last of them', async () => {
  const name = await child.call<string>('openWithWorkers', QUEUES)
  await child.call('closeAll')
  await waitFor(async () => !(await lab.ip('a', 'link', 'show')).includes(name))
  expect(await child.call('countDescriptors')).toBe(0)
})

test('of two workers with the same token one gets the queue, and the other ERR_TUN_CLOSED', async () => {
  const answers = await child.call<unknown[]>('shareToken')
  expect(answers).toHaveLength(2)
  expect(answers).toContain('ready')
  expect(answers).toContainEqual({ code: 'ERR_TUN_CLOSED' })
  expect(await child.call('countDescriptors')).toBe(1)
})
