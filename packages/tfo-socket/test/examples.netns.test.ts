import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterAll(() => room?.lab.close())

const example = new URL('../examples/reserve-tuple.mjs', import.meta.url)

async function run(...args: string[]): Promise<string> {
  const { stdout } = await room.lab.exec('host', process.execPath, [
    fileURLToPath(example),
    ...args,
    '198.51.100.7',
  ])
  return stdout.trim()
}

test('the example reserves a tuple', async () => {
  expect(await run('192.0.2.1', '9005', '9005')).toBe('192.0.2.1:9005 is ours for 198.51.100.7:443')
})

test('the example says that the range is full', async () => {
  const remote = { remoteAddress: '198.51.100.7', remotePort: 443 }
  await room.host.call('reserve', 'tuple', { address: '192.0.2.1', ports: 9006, ...remote })
  expect(await run('192.0.2.1', '9006', '9006')).toBe('no port is left for this remote')
})

test('the example prints the command that helps', async () => {
  expect(await run('192.0.2.1', '8000', '8009')).toContain(
    'sysctl -w net.ipv4.ip_local_port_range="8000 9999"',
  )
})

test.each(['reserve-tuple', 'slice', 'fast-open-echo', 'http-fast-open', 'share-an-address', 'doctor'])(
  'the README shows the example %s as it runs',
  async (name) => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
    const text = await readFile(new URL(`../examples/${name}.mjs`, import.meta.url), 'utf8')
    expect(readme).toContain(`\`\`\`js\n${text}\`\`\``)
  },
)
