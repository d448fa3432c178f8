import { createLab } from '@slatfatf/netns'
import { describe, expect, test } from 'vitest'
import type { Finding } from '../src/index.js'
import { cases, setSysctl, useDoctorLab, wrong } from './doctor-lab.js'

const room = useDoctorLab()

describe('isSupported', () => {
  test.each([
    { kind: 'tuple', key: 'net.ipv4.tcp_fastopen', good: '1', bad: '2' },
    { kind: 'port', key: 'net.ipv4.ip_local_reserved_ports', good: '9000-9998', bad: '9000-9999' },
    { kind: 'echo-id', key: 'net.ipv4.ping_group_range', good: '0 0', bad: '1 0' },
    { kind: 'fast-open-client', key: 'net.ipv4.tcp_fastopen', good: '1', bad: '2' },
    { kind: 'fast-open-server', key: 'net.ipv4.tcp_fastopen', good: '2', bad: '1' },
  ])('says whether $kind can be had with $key', async ({ kind, key, good, bad }) => {
    await setSysctl(room, key, good)
    expect(await room.patient.call('isSupported', kind)).toBe(true)
    await setSysctl(room, key, bad)
    expect(await room.patient.call('isSupported', kind)).toBe(false)
  })

  test('is asked about tuples by default, and knows repair mode', async () => {
    expect(await room.patient.call('isSupported')).toBe(true)
    expect(await room.patient.call('isSupported', 'repair')).toBe(true)
  })

  test('is false for a kind that does not exist', async () => {
    expect(await room.patient.call('isSupported', 'telepathy')).toBe(false)
  })

  test('is not misled by a port that is held', async () => {
    await setSysctl(room, 'net.ipv4.ip_local_port_range', '9000 9000')
    await room.other.call('listen', '127.0.0.1', 9000)
    for (const kind of ['tuple', 'port', 'repair'])
      expect(await room.patient.call('isSupported', kind)).toBe(true)
    await room.other.call('reserve', 'echo-id', { address: '127.0.0.1', id: 65535 })
    expect(await room.patient.call('isSupported', 'echo-id')).toBe(true)
  })
})

describe('in a namespace in which nothing is up', () => {
  const kinds = ['tuple', 'port', 'echo-id', 'repair']

  test('everything is supported that was supported', async () => {
    await using lab = await createLab({ namespaces: ['bare'] })
    await lab.sysctl('bare', 'net.ipv4.ping_group_range', '0 0')
    await lab.ip('bare', 'link', 'set', 'lo', 'down')
    const child = await lab.enter('bare', cases)
    for (const kind of kinds) expect(await child.call('isSupported', kind)).toBe(true)
  })

  test('the fixes of the doctor, one after the other, lead to an address that can be used', async () => {
    await using lab = await createLab({ namespaces: ['bare'] })
    await lab.ip('bare', 'link', 'set', 'lo', 'down')
    const child = await lab.enter('bare', cases)
    const options = { address: '192.0.2.1', ports: { first: 40_000, last: 40_009 } }
    const findings = (await child.call<Finding[]>('doctor', options)).filter(({ ok }) => !ok)
    expect(findings.map(({ check }) => check)).toEqual(['loopback', 'address'])
    for (const { fix } of findings) await lab.exec('bare', 'sh', ['-ec', fix ?? 'false'])
    expect(await wrong(child, options)).toEqual([])
  })
})
