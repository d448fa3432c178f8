import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Rule, RuleOptions } from '../src/index.js'
import { openRouteLab, type RouteLab } from './route-lab.js'

// host: west ─ east, a cable with both ends in one namespace
let host: RouteLab
beforeEach(async () => {
  host = await openRouteLab()
})
afterEach(() => host.close())

interface IpRule {
  priority: number
  src: string
  srclen?: number
  dst?: string
  dstlen?: number
  fwmark?: string
  fwmask?: string
  iif?: string
  oif?: string
  table: string
}

const tables: Record<string, number> = { main: 254, local: 255, default: 253 }

async function shown(family: 4 | 6): Promise<Rule[]> {
  const rules: IpRule[] = await host.json(`-${family}`, 'rule', 'show')
  return rules.map((rule) => {
    const length = family === 4 ? 32 : 128
    const mask = Number(rule.fwmask ?? 0xffffffff)
    return {
      priority: rule.priority,
      table: tables[rule.table] ?? Number(rule.table),
      action: 'lookup',
      family,
      ...(rule.fwmark !== undefined && { mark: Number(rule.fwmark), mask }),
      ...(rule.iif !== undefined && { inputInterface: rule.iif }),
      ...(rule.oif !== undefined && { outputInterface: rule.oif }),
      ...(rule.src !== 'all' && { from: `${rule.src}/${rule.srclen ?? length}` }),
      ...(rule.dst !== undefined && { to: `${rule.dst}/${rule.dstlen ?? length}` }),
    }
  })
}

const rules: RuleOptions[] = [
  { priority: 10, table: 100, mark: 42 },
  { priority: 10, table: 100, mark: 42, family: 6 },
  { priority: 11, table: 255 },
  { priority: 12, table: 1001, inputInterface: 'wg0' },
  { priority: 13, table: 1001, from: '198.51.100.0/24', mark: 1, mask: 0xff },
  { priority: 13, table: 1001, from: '2001:db8::/32', to: '2001:db8:1::1/128' },
  { priority: 14, table: 254, outputInterface: 'west', mark: 0, mask: 0xf0 },
  { priority: 32766, table: 100 },
  { priority: 4294967295, table: 4294967295, mark: 4294967295 },
]

test('rules are added once, shown as ip shows them, and removed once', async () => {
  const before = await host.socket.rules()
  for (const rule of rules) {
    expect(await host.socket.ensureRule(rule)).toBe(true)
    expect(await host.socket.ensureRule(rule)).toBe(false)
    expect(await host.socket.rules()).toEqual([...(await shown(4)), ...(await shown(6))])
  }
  expect((await host.socket.rules()).length).toBe(before.length + rules.length)
  for (const rule of rules) {
    expect(await host.socket.removeRule(rule)).toBe(true)
    expect(await host.socket.removeRule(rule)).toBe(false)
  }
  expect(await host.socket.rules()).toEqual(before)
})

test.each([4, 6] as const)('the local rule of IPv%i moves behind another and back', async (family) => {
  const before = await host.ip(`-${family}`, 'rule', 'show')
  expect(await host.socket.ensureRule({ priority: 0, table: 255, family })).toBe(false)
  expect(await host.socket.ensureRule({ priority: 11, table: 255, family })).toBe(true)
  expect(await host.socket.removeRule({ priority: 0, table: 255, family })).toBe(true)
  expect(await host.socket.removeRule({ priority: 0, table: 255, family })).toBe(false)
  expect((await host.socket.rules({ family }))[0]).toMatchObject({ priority: 11, table: 255 })
  expect(await host.socket.ensureRule({ priority: 0, table: 255, family, protocol: 'kernel' })).toBe(true)
  expect(await host.socket.removeRule({ priority: 11, table: 255, family })).toBe(true)
  expect(await host.ip(`-${family}`, 'rule', 'show')).toBe(before)
})

test('a rule that somebody else made is taken for the same one and can be removed', async () => {
  await host.ip('rule', 'add', 'priority', '20', 'table', '100', 'protocol', 'bird')
  expect(await host.socket.ensureRule({ priority: 20, table: 100 })).toBe(false)
  expect(await host.socket.removeRule({ priority: 20, table: 100 })).toBe(true)
})

test('a rule with a condition that has no name here is not taken for one without', async () => {
  await host.ip('rule', 'add', 'priority', '20', 'ipproto', 'tcp', 'table', '100')
  expect(await host.socket.removeRule({ priority: 20, table: 100 })).toBe(false)
  expect(await host.socket.ensureRule({ priority: 20, table: 100 })).toBe(true)
})

test('a removal that would hit another rule of the same priority is refused', async () => {
  await host.socket.ensureRule({ priority: 20, table: 100, mark: 42 })
  await host.socket.ensureRule({ priority: 20, table: 100 })
  const removal = host.socket.removeRule({ priority: 20, table: 100 })
  await expect(removal).rejects.toMatchObject({ code: 'ERR_NETLINK_AMBIGUOUS_RULE' })
  expect(await host.socket.removeRule({ priority: 20, table: 100, mark: 42 })).toBe(true)
  expect(await host.socket.removeRule({ priority: 20, table: 100 })).toBe(true)
})

test('rules that do something else than a lookup are listed with their action', async () => {
  await host.ip('rule', 'add', 'priority', '20', 'to', '203.0.113.0/24', 'unreachable')
  expect(await host.socket.rules({ family: 4 })).toContainEqual({
    priority: 20,
    table: 0,
    to: '203.0.113.0/24',
    action: 'unreachable',
    family: 4,
  })
})
