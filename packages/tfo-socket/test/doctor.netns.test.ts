import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { DoctorOptions, Finding, SupportKind } from '../src/index.js'
import { cases, finding, local, ports, setSysctl, toFar, useDoctorLab, wrong } from './doctor-lab.js'
import { families } from './reservation-lab.js'

const room = useDoctorLab()
const far = toFar.remoteAddress
const everything: SupportKind[] = [
  'tuple',
  'port',
  'echo-id',
  'repair',
  'fast-open-client',
  'fast-open-server',
]

test('where everything is as it should be, nothing is wrong, and no fix is offered', async () => {
  await setSysctl(room, 'net.ipv4.tcp_fastopen', '3')
  await setSysctl(room, 'net.ipv4.tcp_early_demux', '0')
  const findings = await room.patient.call<Finding[]>('doctor', {
    kinds: everything,
    ...local,
    remoteAddress: far,
    reservations: 100,
    mark: 42,
    forward: true,
  })
  expect(findings.filter(({ ok }) => !ok)).toEqual([])
  expect(findings.filter((item) => 'fix' in item)).toEqual([])
  expect(findings.map(({ check }) => check)).toEqual([
    'platform',
    'kernel',
    'tcp-fastopen-client',
    'tcp-fastopen-server',
    'tcp-fastopen-blackhole',
    'ip-local-port-range',
    'ip-local-reserved-ports',
    'ping-group-range',
    'tcp-early-demux',
    'repair-capability',
    'mark-capability',
    'descriptors',
    'loopback',
    'address',
    'route',
    'bound-ports',
  ])
})

test('only what was asked for is looked at', async () => {
  const checks = async (options: DoctorOptions) =>
    (await room.patient.call<Finding[]>('doctor', options)).map(({ check }) => check)
  expect(await checks({ kinds: ['echo-id'] })).toEqual(['platform', 'kernel', 'ping-group-range'])
  expect(await checks({ kinds: ['fast-open-server'] })).toEqual(['platform', 'tcp-fastopen-server'])
  expect(await checks({ kinds: ['port'], ports })).toEqual([
    'platform',
    'kernel',
    'ip-local-port-range',
    'ip-local-reserved-ports',
  ])
})

describe('ports that sockets have bound by name', () => {
  const options = { ports: { first: 9000, last: 9019 } }

  test('are named, whoever bound them, on whatever address', async () => {
    await room.other.call('listen', '192.0.2.2', 9005)
    await room.other.call('reserve', 'port', { protocol: 'tcp', address: '192.0.2.1', ports: 9007 })
    await room.patient.call('reserve', 'port', { protocol: 'tcp', address: '2001:db8::1', ports: 9008 })
    const found = await finding(room.patient, 'bound-ports', options)
    expect(found).toMatchObject({ ok: false, found: '9005,9007-9008' })
    await Promise.all([room.other.call('reset'), room.patient.call('reset')])
    expect(await finding(room.patient, 'bound-ports', options)).toMatchObject({ ok: true, found: 'none' })
  })

  test('are not those that tuples or UDP sockets have, not even tuples of another doctor', async () => {
    const probe = { address: '127.0.0.1', remoteAddress: '127.0.0.2', remotePort: 9 }
    await room.other.call('reserve', 'tuple', { ...probe, ports: 9004 })
    await room.other.call('reserve', 'tuple', { ...local, ...toFar, ports: 9005 }, 1)
    await room.other.call('reserve', 'port', { protocol: 'udp', address: '0.0.0.0', ports: 9006 })
    expect(await finding(room.patient, 'bound-ports', options)).toMatchObject({ ok: true })
  })

  test('are looked for where the kernel may pick, and the rest is the matter of other findings', async () => {
    await setSysctl(room, 'net.ipv4.ip_local_port_range', '9010 9999')
    await setSysctl(room, 'net.ipv4.ip_local_reserved_ports', '9012-9013')
    await room.other.call('listen', '192.0.2.1', 9005)
    await room.other.call('listen', '192.0.2.1', 9015)
    expect(await finding(room.patient, 'bound-ports', options)).toMatchObject({ ok: false, found: '9015' })
    expect(await wrong(room.patient, options)).toEqual([
      'ip-local-port-range',
      'ip-local-reserved-ports',
      'bound-ports',
    ])
  })
})

describe.each(families)('a route over $family', ({ family, address, far, origin }) => {
  const ip = (...args: string[]) => room.lab.ip('host', family === 'IPv6' ? '-6' : '-4', ...args)
  const options = { address, remoteAddress: far }

  test('is missed where there is none, and found where one is added', async () => {
    await ip('route', 'del', 'default')
    try {
      const found = await finding(room.patient, 'route', options)
      expect(found).toMatchObject({ ok: false, found: expect.stringContaining('ENETUNREACH') })
      expect(found.fix).toContain(`ip route get ${far} from ${address}`)
      expect(await wrong(room.patient, options)).toEqual(['route'])
    } finally {
      await ip('route', 'add', 'default', 'via', origin)
    }
    expect(await wrong(room.patient, options)).toEqual([])
  })

  test('is looked up with the mark', async () => {
    await ip('rule', 'add', 'fwmark', '42', 'prohibit', 'to', far)
    try {
      expect(await wrong(room.patient, options)).toEqual([])
      expect(await wrong(room.patient, { ...options, mark: 42 })).toEqual(['route'])
    } finally {
      await ip('rule', 'del', 'fwmark', '42', 'prohibit', 'to', far)
    }
  })
})

test('one cause is one finding where the other checks can still be made', async () => {
  await setSysctl(room, 'net.ipv4.ip_local_port_range', '20000 20999')
  expect(await wrong(room.patient, { ...local, remoteAddress: far })).toEqual(['ip-local-port-range'])
})

test('what depends on something that is wrong says that it was not tried', async () => {
  await setSysctl(room, 'net.ipv4.tcp_fastopen', '0')
  const options = { ...local, remoteAddress: far }
  expect(await wrong(room.patient, options)).toEqual(['tcp-fastopen-client', 'route'])
  expect(await finding(room.patient, 'route', options)).toMatchObject({
    found: expect.stringMatching(/^not tried/),
  })
})

test('nothing is sent to a remote, not even where Fast Open may be suspended', async () => {
  const frames = async () =>
    JSON.parse(await room.lab.ip('host', '-s', '-j', 'link', 'show', 'd0'))[0].stats64.tx
  const options = { kinds: everything, ...local, remoteAddress: '192.0.2.9', mark: 42 }
  const before = (await frames()).packets
  await room.patient.call<Finding[]>('doctor', options)
  for (const kind of everything) await room.patient.call('isSupported', kind)
  await setSysctl(room, 'net.ipv4.tcp_fastopen_blackhole_timeout_sec', '3600')
  expect(await finding(room.patient, 'route', options)).toMatchObject({ ok: false, found: 'not tried' })
  for (const kind of everything) await room.patient.call('isSupported', kind)
  expect((await frames()).packets).toBe(before)
})

test('a process without capabilities misses those for marks and repair, and nothing else', async () => {
  await using other = await room.lab.enter('host', cases)
  await room.lab.sysctl('host', 'net.ipv4.ping_group_range', '0 65534')
  // Loads the addon, which may lie where nobody can read it.
  await other.call('isSupported')
  await other.call('becomeNobody')
  const kinds: SupportKind[] = ['tuple', 'port', 'echo-id', 'repair']
  const options = { kinds, ...local, remoteAddress: far, mark: 42 }
  expect(await wrong(other, options)).toEqual(['repair-capability', 'mark-capability'])
  expect(await finding(other, 'repair-capability', options)).toMatchObject({
    fix: expect.stringContaining('CAP_NET_ADMIN'),
  })
  expect(await finding(other, 'mark-capability', options)).toMatchObject({
    fix: expect.stringContaining('CAP_NET_RAW'),
  })
  for (const kind of kinds) expect(await other.call('isSupported', kind)).toBe(kind !== 'repair')
})

describe('the example', () => {
  const example = fileURLToPath(new URL('../examples/doctor.mjs', import.meta.url))
  const run = (...args: string[]) => room.lab.exec('host', process.execPath, [example, ...args])

  test('prints what it looked at', async () => {
    const { stdout } = await run('192.0.2.1', '9000', '9099', '198.51.100.7', '100')
    expect(stdout).toMatch(/^ok {4}ip-local-port-range .* 9000 9999$/m)
    expect(stdout).not.toContain('WRONG')
  })

  test('prints the command that helps, and exits with 1', async () => {
    await expect(run('192.0.2.1', '8000', '8009', '198.51.100.7', '100')).rejects.toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('fix: sysctl -w net.ipv4.ip_local_port_range="8000 9999"'),
    })
  })
})
