import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { difference } from '../src/lab/snapshot.js'
import { EdgeLab, ORIGIN, SLICE } from './edge-lab.js'

let edge: EdgeLab
let before: string

beforeEach(async () => {
  edge = await EdgeLab.create()
  await edge.internet.call('listenTcp', 80)
  before = await edge.snapshot()
})

afterEach(() => edge.close())

const leftovers = async (): Promise<string[]> => difference(before, await edge.snapshot())

describe('stopping', () => {
  it('leaves the host as it was after SIGTERM', async () => {
    await edge.start()
    expect(await leftovers()).not.toEqual([])
    await edge.client.call('connectTcp', { host: ORIGIN, port: 80 })
    expect(await edge.stop('SIGTERM')).toBe(0)
    expect(await leftovers()).toEqual([])
  })

  it('leaves the host as it was after SIGINT', async () => {
    await edge.start()
    expect(await edge.stop('SIGINT')).toBe(0)
    expect(await leftovers()).toEqual([])
  })

  it('keeps an address that was there before, and settings that were already right', async () => {
    await edge.lab.ip('edge', 'addr', 'add', `${SLICE}/32`, 'dev', 'lo')
    await edge.lab.sysctl('edge', 'net.ipv4.ip_forward', '1')
    before = await edge.snapshot()
    await edge.start()
    expect(await edge.stop()).toBe(0)
    expect(await leftovers()).toEqual([])
  })

  it('is silent for the slice during the quiet time', async () => {
    const fishd = await edge.start({ settings: 'stop: { quietMs: 3000 }' })
    const { id, seenAs } = await edge.client.call<{ id: number; seenAs: string }>('connectTcp', {
      host: ORIGIN,
      port: 80,
    })
    const stopped = edge.stop()
    await fishd.waitForOutput(/late packets are dropped silently/)
    const port = Number(seenAs.split(':')[1])
    const attempt = edge.internet.call('connectTcp', { host: SLICE, port })
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' })
    expect(await stopped).toBe(0)
    await edge.client.call('reset', id)
  })
})

describe('kill -9', () => {
  it('is silent, and a start and a stop later nothing is left behind', async () => {
    await edge.start()
    const { seenAs } = await edge.client.call<{ seenAs: string }>('connectTcp', { host: ORIGIN, port: 80 })
    await edge.stop('SIGKILL')
    const attempt = edge.internet.call('connectTcp', { host: SLICE, port: Number(seenAs.split(':')[1]) })
    await expect(attempt).rejects.toMatchObject({ name: 'AbortError' })
    await edge.start()
    const { id } = await edge.client.call<{ id: number }>('connectTcp', { host: ORIGIN, port: 80 })
    expect(await edge.client.call('say', id, 'again')).toBe('again')
    expect(await edge.stop()).toBe(0)
    expect(await leftovers()).toEqual([])
  })
})

describe('losing the device', () => {
  it('ends with status 1, says why, and puts the host back', async () => {
    const fishd = await edge.start()
    await edge.client.call('connectTcp', { host: ORIGIN, port: 80 })
    await edge.lab.ip('edge', 'link', 'del', 'fishtun')
    await fishd.waitForOutput(/forwarding ended by itself/)
    expect(await fishd.exited).toMatchObject({ code: 1 })
    expect(fishd.output()).toContain('EBADFD')
    expect(await leftovers()).toEqual([])
  })
})

describe('refusing to start', () => {
  it('does not disturb the instance that runs, and says so with status 4', async () => {
    await edge.start()
    const { id } = await edge.client.call<{ id: number }>('connectTcp', { host: ORIGIN, port: 80 })
    const running = await edge.snapshot()
    const { code, output } = await edge.run('run', { settings: 'metrics: false' })
    expect(code, output).toBe(4)
    expect(difference(running, await edge.snapshot())).toEqual([])
    expect(await edge.client.call('say', id, 'undisturbed')).toBe('undisturbed')
  })

  it.each([
    [2, 'an unknown key', { settings: 'slises: []' }],
    [
      2,
      'overlapping slices',
      {
        settings: `slices: [ { address: ${SLICE}, ports: 9000-9010 }, { address: ${SLICE}, ports: 9010-9020 } ]`,
      },
    ],
    [3, 'a slice outside ip_local_port_range', { settings: 'host: { widenPortRange: false }' }],
    [3, 'a client interface that is not there', { settings: 'clients: [ { interface: wg7 } ]' }],
    [
      3,
      'a slice address on another interface',
      { settings: 'slices: [ { address: 203.0.113.2, ports: 40000-40100 } ]' },
    ],
  ])('ends with status %i for %s, and changes nothing', async (status, _, options) => {
    for (const command of ['check', 'run']) {
      const { code, output } = await edge.run(command, options)
      expect(code, output).toBe(status)
    }
    expect(await leftovers()).toEqual([])
  })

  it('changes nothing when the metrics address is taken', async () => {
    await edge.edge.call('listenTcp', 9464)
    const { code, output } = await edge.run('run')
    expect(code, output).toBe(1)
    expect(output).toContain('EADDRINUSE')
    expect(await leftovers()).toEqual([])
  })
})

it('check says that a good configuration is ready, and changes nothing', async () => {
  const { code, output } = await edge.run('check')
  expect(code, output).toBe(0)
  expect(await leftovers()).toEqual([])
})
