import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterEach(() => room.reset())
afterAll(() => room?.lab.close())

function example(name: string): string {
  return fileURLToPath(new URL(`../examples/${name}.mjs`, import.meta.url))
}

async function run(name: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await room.lab.exec('host', process.execPath, [example(name), ...args])
  return stdout.trim().split('\n')
}

const start = (name: string, ...args: string[]) =>
  room.lab.spawn('host', process.execPath, [example(name), ...args])

test('two processes lease different ports, a third gets none, and a lease that is given back is free', async () => {
  const range = ['192.0.2.1', '9000', '9001']
  const leases = [start('lease-a-port', ...range), start('lease-a-port', ...range)]
  const ports = await Promise.all(leases.map((lease) => lease.waitForOutput(/leased 192\.0\.2\.1:(\d+)/)))
  expect(ports.map(([, port]) => port).sort()).toEqual(['9000', '9001'])

  const third = start('lease-a-port', ...range)
  expect(await third.exited).toMatchObject({ code: 1 })
  expect(third.stdout).toBe('every port from 9000 to 9001 is leased\n')

  const [gone, ended] = leases
  expect(await gone!.stop('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
  expect(await ended!.stop('SIGTERM')).toMatchObject({ code: 0 })
  expect(ended!.stdout).toContain('given back')
  const udp = { protocol: 'udp', address: '192.0.2.1', ports: { first: 9000, last: 9001 } }
  expect(await room.host.call('fill', 'port', udp)).toMatchObject({ ports: [9000, 9001] })
})

test('a thousand placeholders are held and released, or as many as are left', async () => {
  const args = ['192.0.2.1', '9000', '9999', '198.51.100.7', '443']
  expect(await run('thousand-placeholders', ...args)).toEqual([
    'holding 1000 ports for 198.51.100.7:443',
    'released',
  ])
  const tuple = { address: '192.0.2.1', ports: 9005, remoteAddress: '198.51.100.7', remotePort: 443 }
  await room.host.call('reserve', 'tuple', tuple)
  expect(await run('thousand-placeholders', ...args)).toEqual([
    'holding 999 ports for 198.51.100.7:443',
    'released',
  ])
})

test('a child holds what its parent has handed over and let go', async () => {
  expect(await run('hand-over', '192.0.2.1', '9005', '9005')).toEqual([
    'the parent has let go',
    'the child still holds tuple 192.0.2.1:9005',
    'the child still holds port 192.0.2.1:9005',
  ])
})
