import { createLab, type Lab, type NetnsChild } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DoctorOptions, doctor, type Finding, openConntrack } from '../src/index.js'

// bare: nothing      tracking: a rule that looks at ct      full: nat chains of IPv4 too      fixed: what fixes make of it
let lab: Lab
const cases = new URL('./cases/doctor.mjs', import.meta.url)
const rule =
  'add table inet t; add chain inet t c { type filter hook forward priority 0; }; add rule inet t c ct state new accept'
const nat = 'add table ip n; add chain ip n p { type nat hook prerouting priority -100; }'
beforeAll(async () => {
  lab = await createLab({ namespaces: ['bare', 'tracking', 'full', 'fixed'] })
  await lab.nft('tracking', rule)
  await lab.nft('full', `${rule}; ${nat}`)
})
afterAll(() => lab?.close())

const children = new Map<string, NetnsChild>()

async function examine(namespace: string, options: DoctorOptions = {}): Promise<Finding[]> {
  const child = children.get(namespace) ?? (await lab.enter(namespace, cases))
  children.set(namespace, child)
  return child.call('doctor', options)
}

async function wrong(namespace: string, options: DoctorOptions = {}): Promise<string[]> {
  return (await examine(namespace, options)).filter(({ ok }) => !ok).map(({ check }) => check)
}

async function finding(namespace: string, check: string, options: DoctorOptions = {}): Promise<Finding> {
  return (await examine(namespace, options)).find((each) => each.check === check)!
}

test('a bare namespace neither tracks nor translates', async () => {
  expect(await wrong('bare')).toEqual(['tracking', 'nat'])
  expect(await finding('bare', 'tracking')).toMatchObject({
    found: expect.stringMatching(/^IPv4 is not tracked .*, IPv6 is not tracked/),
  })
})

test('a rule that looks at ct makes it track both families, and translate none', async () => {
  expect(await wrong('tracking')).toEqual(['nat'])
  expect(await wrong('tracking', { needs: ['tracking', 'events'] })).toEqual([])
})

test('a nat chain of one family is told of that family', async () => {
  expect(await wrong('full')).toEqual([])
  expect(await finding('full', 'nat')).toMatchObject({
    found: expect.stringMatching(/^IPv4 has nat chains .*, IPv6 has no nat chain/),
  })
})

test('what is wrong is made right by following the fix, and by nothing less', async () => {
  const needs = ['tracking', 'nat', 'events', 'counters', 'timestamps'] as const
  await lab.sysctl('fixed', 'net.netfilter.nf_conntrack_events', '0')
  const expected = ['tracking', 'nat', 'event-mode', 'accounting', 'timestamps']
  expect(await wrong('fixed', { needs })).toEqual(expected)
  for (const check of expected) {
    const { fix } = await finding('fixed', check, { needs })
    await lab.exec('fixed', 'sh', ['-ec', fix!])
    expect((await finding('fixed', check, { needs })).ok).toBe(true)
  }
  expect(await wrong('fixed', { needs })).toEqual([])
})

test('what is not needed is looked at and never wrong', async () => {
  expect(await wrong('bare', { needs: [] })).toEqual([])
  expect(await finding('bare', 'accounting', { needs: [] })).toMatchObject({
    found: 'net.netfilter.nf_conntrack_acct is 0: nothing is counted, of no matter unless it is needed',
  })
})

test('settings of another namespace are said to be unknown, the rest is found', async () => {
  const findings = await doctor({ netns: lab.path('full') })
  expect(findings.filter(({ ok }) => !ok)).toMatchObject([
    {
      check: 'event-mode',
      found: expect.stringContaining('unknown'),
      fix: expect.stringContaining('nsenter'),
    },
  ])
  expect(findings.find(({ check }) => check === 'nat')!.ok).toBe(true)
})

test('by path, the own namespace is known for what it is', async () => {
  expect(await wrong('full', { netns: '/proc/self/ns/net' })).toEqual([])
})

test('how this kernel compares IPv6 addresses is found where there is an entry to try it on, and none is touched', async () => {
  expect((await finding('full', 'ipv6-filter')).found).toMatch(/^unknown/)
  const conntrack = await openConntrack({ netns: lab.path('full') })
  const ends = { source: 'fd00::1', destination: 'fd00::2', protocol: 'udp' } as const
  await conntrack.create({ original: { ...ends, sourcePort: 1, destinationPort: 2 }, timeoutSeconds: 60 })
  const before = await conntrack.list()
  const { found } = await finding('full', 'ipv6-filter')
  // Entries from an address that nobody has: a kernel that is right has none of them.
  expect(found).toMatch(/^addresses are compared (the wrong way round|rightly)/)
  expect((await conntrack.list()).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
  await conntrack.close()
})

test('looking changes nothing: neither entries nor rules nor settings', async () => {
  const state = async () => [
    (await lab.exec('tracking', 'nft', ['list', 'ruleset'])).stdout,
    (
      await lab.exec('tracking', 'sh', [
        '-c',
        'cd /proc/sys/net/netfilter && grep . nf_conntrack_[aem]* nf_conntrack_count',
      ])
    ).stdout,
    (await lab.exec('tracking', 'conntrack', ['-L'])).stdout,
  ]
  const before = await state()
  await examine('tracking')
  expect(await state()).toEqual(before)
})

test('without the capability that is the only finding', async () => {
  await using child = await lab.enter('full', cases)
  expect(await child.call('doctorAsNobody')).toMatchObject([
    { check: 'capability', ok: false, fix: expect.stringContaining('cap_net_admin') },
  ])
})

test('a namespace that is not there is the only finding', async () => {
  expect(await doctor({ netns: '/run/netns/nobody' })).toMatchObject([{ check: 'namespace', ok: false }])
})

test.each([
  [{ need: [] }, 'ERR_INVALID_ARG_VALUE'],
  [{ needs: 'nat' }, 'ERR_INVALID_ARG_TYPE'],
  [{ needs: ['everything'] }, 'ERR_INVALID_ARG_VALUE'],
  [{ netns: {} }, 'ERR_INVALID_ARG_TYPE'],
])('%o is refused with %s', async (options, code) => {
  await expect(doctor(options as unknown as DoctorOptions)).rejects.toMatchObject({ code })
})
