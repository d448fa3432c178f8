import { describe, expect, test } from 'vitest'
import type { Finding, SupportKind } from '../src/index.js'
import { cases, finding, follow, local, ports, setSysctl, toFar, useDoctorLab, wrong } from './doctor-lab.js'
import { families } from './reservation-lab.js'

const room = useDoctorLab()

describe('a setting that is wrong is found, and its fix is the command that helps', () => {
  const echoId = { address: '192.0.2.1', id: 77 }
  const tuple = { ...local, ...toFar }

  test.each([
    {
      check: 'tcp-fastopen-client',
      key: 'net.ipv4.tcp_fastopen',
      value: '2',
      attempt: ['tuple', tuple],
      options: {},
    },
    {
      check: 'ip-local-port-range',
      key: 'net.ipv4.ip_local_port_range',
      value: '9050 9999',
      attempt: ['tuple', { ...tuple, ports: 9000 }],
      options: { ports },
    },
    {
      check: 'ip-local-port-range',
      key: 'net.ipv4.ip_local_port_range',
      value: '9000 9050',
      attempt: ['port', { ...local, ports: 9099, protocol: 'tcp' }],
      options: { kinds: ['port'], ports },
    },
    {
      check: 'ip-local-reserved-ports',
      key: 'net.ipv4.ip_local_reserved_ports',
      value: '80,8990-9005,9050,9099-9100',
      attempt: ['tuple', { ...tuple, ports: 9050 }],
      options: { ports },
    },
    {
      check: 'ip-local-reserved-ports',
      key: 'net.ipv4.ip_local_reserved_ports',
      value: '9000-9099',
      attempt: ['port', { ...local, protocol: 'tcp' }],
      options: { kinds: ['port'], ports },
    },
    {
      check: 'ping-group-range',
      key: 'net.ipv4.ping_group_range',
      value: '1 0',
      attempt: ['echo-id', echoId],
      options: { kinds: ['echo-id'] },
    },
    {
      check: 'ping-group-range',
      key: 'net.ipv4.ping_group_range',
      value: '1000 2000',
      attempt: ['echo-id', echoId],
      options: { kinds: ['echo-id'] },
    },
  ] as const)('$check: $key = $value', async ({ check, key, value, attempt, options }) => {
    await setSysctl(room, key, value)
    await expect(room.patient.call('reserve', ...attempt)).rejects.toMatchObject({ name: 'TfoSocketError' })
    expect(await wrong(room.patient, options)).toEqual([check])
    const found = await finding(room.patient, check, options)
    expect(found).toMatchObject({ ok: false, found: expect.stringContaining(key) })
    await follow(room, found)
    expect(await wrong(room.patient, options)).toEqual([])
    await room.patient.call('reserve', ...attempt)
  })

  test('tcp-fastopen-blackhole', async () => {
    await setSysctl(room, 'net.ipv4.tcp_fastopen_blackhole_timeout_sec', '3600')
    const found = await finding(room.patient, 'tcp-fastopen-blackhole', {})
    expect(found).toMatchObject({ ok: false, found: expect.stringContaining('3600') })
    await follow(room, found)
    expect(await wrong(room.patient, {})).toEqual([])
  })

  test('tcp-early-demux, but only for who says that packets are forwarded', async () => {
    expect(await finding(room.patient, 'tcp-early-demux', {})).toMatchObject({
      ok: true,
      found: expect.stringContaining('of no matter unless'),
    })
    const found = await finding(room.patient, 'tcp-early-demux', { forward: true })
    expect(found.ok).toBe(false)
    await follow(room, found)
    expect(await wrong(room.patient, { forward: true })).toEqual([])
  })

  test('descriptors, to the last one', async () => {
    await using other = await room.lab.enter('host', cases)
    await room.lab.exec('host', 'prlimit', [`--pid=${other.pid}`, '--nofile=64:'])
    const tuple = { ...local, ...toFar }
    const fitting = await other.call<number>('fill', 'tuple', tuple)
    await other.call('reset')
    expect(await wrong(other, { reservations: fitting })).toEqual([])
    const found = await finding(other, 'descriptors', { reservations: fitting + 1 })
    expect(found).toMatchObject({ ok: false, found: expect.stringContaining('open of 64') })
    await follow(room, found)
    expect(await wrong(other, { reservations: fitting + 1 })).toEqual([])
    expect(await other.call('fill', 'tuple', tuple)).toBe(fitting + 1)
  })

  test.each(families)('address, over $family', async ({ missing }) => {
    const options = { address: missing, kinds: ['port'] } as const
    const tcp = { protocol: 'tcp', address: missing, ports: 9005 }
    await expect(room.patient.call('reserve', 'port', tcp)).rejects.toMatchObject({ code: 'EADDRNOTAVAIL' })
    expect(await wrong(room.patient, options)).toEqual(['address'])
    await follow(room, await finding(room.patient, 'address', options))
    try {
      expect(await wrong(room.patient, options)).toEqual([])
      await room.patient.call('reserve', 'port', tcp)
    } finally {
      await room.lab.ip('host', 'address', 'del', missing, 'dev', 'lo')
    }
  })
})

test('the fixes for both sides of Fast Open may be followed in any order', async () => {
  const kinds: SupportKind[] = ['fast-open-server', 'fast-open-client']
  await setSysctl(room, 'net.ipv4.tcp_fastopen', '0')
  const findings = (await room.patient.call<Finding[]>('doctor', { kinds })).filter(({ ok }) => !ok)
  expect(findings.map(({ check }) => check)).toEqual(['tcp-fastopen-client', 'tcp-fastopen-server'])
  for (const found of findings.reverse()) await follow(room, found)
  expect(await wrong(room.patient, { kinds })).toEqual([])
})

test('a fix of Fast Open keeps the other bits of the sysctl', async () => {
  await setSysctl(room, 'net.ipv4.tcp_fastopen', '514')
  await follow(room, await finding(room.patient, 'tcp-fastopen-client', {}))
  expect(await room.lab.sysctl('host', 'net.ipv4.tcp_fastopen')).toBe('515')
})

test('a fix keeps what others need: the rest of the reserved ports, the range, the groups', async () => {
  await setSysctl(room, 'net.ipv4.ip_local_reserved_ports', '80,8990-9005,9099-9100')
  await follow(room, await finding(room.patient, 'ip-local-reserved-ports', { ports }))
  expect(await room.lab.sysctl('host', 'net.ipv4.ip_local_reserved_ports')).toBe('80,8990-8999,9100')

  await follow(room, await finding(room.patient, 'ip-local-port-range', { ports: 8000 }))
  expect(await room.lab.sysctl('host', 'net.ipv4.ip_local_port_range')).toBe('8000\t9999')

  await setSysctl(room, 'net.ipv4.ping_group_range', '1000 2000')
  await follow(room, await finding(room.patient, 'ping-group-range', { kinds: ['echo-id'] }))
  expect(await room.lab.sysctl('host', 'net.ipv4.ping_group_range')).toBe('0\t2000')
})

test('ports below 1024 take a second sysctl, without which the kernel refuses the first', async () => {
  const low = { first: 800, last: 809 }
  await follow(room, await finding(room.patient, 'ip-local-port-range', { ports: low }))
  expect(await wrong(room.patient, { ports: low })).toEqual([])
  await room.patient.call('reserve', 'tuple', { ...local, ...toFar, ports: low }, 10)
})
