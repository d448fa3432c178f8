import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createReservationLab, type ReservationLab } from './reservation-lab.js'

let room: ReservationLab
beforeAll(async () => {
  room = await createReservationLab()
})
afterAll(() => room?.lab.close())

function enterForgetting() {
  const cases = new URL('./cases/forgetting.mjs', import.meta.url)
  return room.lab.enter('host', cases, { execArgv: ['--expose-gc'] })
}

const address = '192.0.2.1'
const remote = { remoteAddress: '198.51.100.7', remotePort: 443 }
const kinds = [
  { kind: 'tuple', options: { address, ports: 9005, ...remote }, told: 'to 198.51.100.7 port 443' },
  { kind: 'repair', options: { address, ports: 9005, ...remote }, told: 'to 198.51.100.7 port 443' },
  { kind: 'port', options: { protocol: 'udp', address, ports: 9005 }, told: 'udp 192.0.2.1 port 9005' },
  { kind: 'echo-id', options: { address, id: 9005 }, told: 'icmp 192.0.2.1 port 9005' },
]

describe.each(kinds)('a $kind', ({ kind, options, told }) => {
  test('that is forgotten is told once, and stays held', async () => {
    await using child = await enterForgetting()
    await child.call('forget', kind, options)
    const [warning, ...others] = await child.call<{ message: string }[]>('collectAndTell')
    expect(warning).toMatchObject({ name: 'TfoSocketWarning', code: 'TFO_SOCKET_FORGOTTEN' })
    expect(warning?.message).toContain(told)
    expect(others).toEqual([])
    expect(await child.call('collectAndTell')).toHaveLength(1)
    await expect(room.rival.call('reserve', kind, options)).rejects.toMatchObject({
      code: expect.stringMatching(/^EADDR/),
    })
  })

  test('that was released is not told', async () => {
    await using child = await enterForgetting()
    await child.call('forget', kind, options, { release: true })
    expect(await child.call('collectAndTell')).toEqual([])
  })
})

test('a reservation that is watched is not forgotten: whoever set the listener will hear of it', async () => {
  await using child = await enterForgetting()
  await child.call('forget', 'tuple', kinds[0]?.options, { watch: true })
  expect(await child.call('collectAndTell')).toEqual([])
})
