import { type NetnsChild, waitFor } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bundleCases, type CaseBundle } from './host-bundle.js'
import { createHostLab, type HostLab } from './host-lab.js'

let bundle: CaseBundle
let setup: HostLab
let edge: NetnsChild

beforeAll(async () => {
  bundle = await bundleCases('host-cases')
})
afterAll(() => bundle.remove())

beforeEach(async () => {
  setup = await createHostLab()
  edge = await setup.lab.enter('edge', bundle.url)
})
afterEach(() => setup.close())

const ipJson = async (...args: string[]) => JSON.parse(await setup.lab.ip('edge', '-json', ...args))

/** Another process of the same lab, as a service that is started again. */
async function nextProcess(): Promise<void> {
  await edge.kill()
  edge = await setup.lab.enter('edge', bundle.url)
}

describe('an installed host', () => {
  it('looks as planned', async () => {
    await setup.addDevice()
    await edge.call('install', setup.config('device: { mtu: 1400, txQueueLength: 3000 }'))

    expect(await ipJson('rule')).toMatchObject([
      { priority: 10, fwmark: '0x2a', table: '100' },
      { priority: 11, table: 'local' },
      { priority: 12, iif: 'wg0', table: '101' },
      { priority: 32766, table: 'main' },
      { priority: 32767, table: 'default' },
    ])
    expect(await ipJson('route', 'show', 'table', '100')).toMatchObject([{ dst: 'default', dev: 'fishtun' }])
    expect(await ipJson('route', 'show', 'table', '101')).toMatchObject([{ dst: 'default', dev: 'fishtun' }])
    const [device] = await ipJson('-details', 'link', 'show', 'dev', 'fishtun')
    expect(device).toMatchObject({ mtu: 1400, txqlen: 3000, inet6_addr_gen_mode: 'none' })
    expect(await setup.lab.ip('edge', 'address', 'show', 'dev', 'fishtun')).not.toContain('inet')
    expect(device.flags).toContain('UP')
    const [lo] = await ipJson('address', 'show', 'dev', 'lo')
    expect(lo.addr_info).toContainEqual(expect.objectContaining({ local: '198.51.100.10', prefixlen: 32 }))
    for (const [key, value] of [
      ['ip_forward', '1'],
      ['tcp_early_demux', '0'],
      ['conf/fishtun/accept_local', '1'],
      ['conf/fishtun/rp_filter', '0'],
      ['conf/fishtun/forwarding', '1'],
      ['conf/wg0/forwarding', '1'],
      ['ping_group_range', '0\t0'],
      ['ip_local_port_range', '32768\t60999'],
    ] as const) {
      expect([key, await setup.lab.sysctl('edge', `net/ipv4/${key}`)]).toEqual([key, value])
    }
    const { stdout } = await setup.lab.exec('edge', 'nft', ['list', 'table', 'ip', 'fish_fishtun'])
    expect(stdout).toContain('198.51.100.10 . 40000-40099')
    expect(await edge.call('guards')).toEqual({ guard_in: 0, guard_out: 0, foreign_source: 0, hairpin: 0 })
    expect(await edge.call('verify')).toEqual([])
  })

  it('is as it was after it was removed, and removing twice does nothing', async () => {
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    expect(await setup.snapshot()).not.toBe(before)
    await edge.call('remove')
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('gives back settings that writing ip_forward resets', async () => {
    for (const [key, value] of [
      ['conf/all/accept_redirects', '0'],
      ['conf/wg0/forwarding', '1'],
      ['conf/up0/accept_redirects', '0'],
      ['conf/default/forwarding', '1'],
    ] as const) {
      await setup.lab.sysctl('edge', `net/ipv4/${key}`, value)
    }
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('leaves a host alone that forwards already', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/ip_forward', '1')
    await setup.lab.sysctl('edge', 'net/ipv4/conf/wg0/forwarding', '0')
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    expect(await setup.lab.sysctl('edge', 'net/ipv4/conf/wg0/forwarding')).toBe('1')
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('moves a reverse path filter of "all" to the other interfaces, and back', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/conf/all/rp_filter', '1')
    await setup.lab.sysctl('edge', 'net/ipv4/conf/up0/rp_filter', '2')
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    const filter = (name: string) => setup.lab.sysctl('edge', `net/ipv4/conf/${name}/rp_filter`)
    expect([await filter('all'), await filter('wg0'), await filter('up0'), await filter('fishtun')]).toEqual([
      '0',
      '1',
      '2',
      '0',
    ])
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('widens the port range only as far as needed', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/ip_local_port_range', '40050 50000')
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config('host: { widenPortRange: true }'))
    expect(await setup.lab.sysctl('edge', 'net/ipv4/ip_local_port_range')).toBe('40000\t50000')
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('keeps an address that was there before', async () => {
    await setup.lab.ip('edge', 'address', 'add', '198.51.100.10/32', 'dev', 'lo')
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('names what somebody else has changed since', async () => {
    await setup.addDevice()
    await edge.call('install', setup.config())
    await setup.lab.sysctl('edge', 'net.ipv4.tcp_early_demux', '1')
    await setup.lab.ip('edge', 'rule', 'del', 'priority', '12')
    await setup.lab.ip('edge', 'route', 'flush', 'table', '101')
    await setup.lab.ip('edge', 'address', 'del', '198.51.100.10/32', 'dev', 'lo')
    await setup.lab.ip('edge', 'link', 'set', 'dev', 'fishtun', 'mtu', '1300')
    await setup.lab.nft('edge', 'add rule ip fish_fishtun input accept')
    const problems = await edge.call<string[]>('verify')
    const kinds = ['nft-table', 'sysctl net/ipv4/tcp_early_demux', 'address', 'device', 'route', 'rule']
    expect(problems).toHaveLength(kinds.length)
    for (const [index, kind] of kinds.entries()) expect(problems[index]).toContain(kind)
  })

  it('looks up the local table at every moment of being installed and removed', async () => {
    await setup.addDevice()
    const monitor = setup.lab.spawn('edge', 'ip', ['-4', 'monitor', 'rule'])
    // A rule of the test tells when the monitor listens.
    await waitFor(async () => {
      await setup.lab.ip('edge', 'rule', 'add', 'priority', '77', 'table', '77')
      await setup.lab.ip('edge', 'rule', 'del', 'priority', '77', 'table', '77')
      return monitor.stdout.includes('77')
    })
    await edge.call('install', setup.config())
    await edge.call('remove')
    await setup.lab.ip('edge', 'rule', 'add', 'priority', '78', 'table', '78')
    await monitor.waitForOutput(/78/)

    const events = monitor.stdout.split('\n').filter((line) => line.includes('lookup local'))
    expect(events).toHaveLength(4)
    let present = 1
    for (const event of events) {
      present += event.startsWith('Deleted') ? -1 : 1
      expect(present).toBeGreaterThan(0)
    }
  })
})

describe('after a crash', () => {
  it('the next process restores what the first one found', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/conf/all/rp_filter', '1')
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    await nextProcess()
    await edge.call('install', setup.config())
    expect(await edge.call('verify')).toEqual([])
    expect(await setup.lab.sysctl('edge', 'net/ipv4/conf/all/rp_filter')).toBe('0')
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('removing needs nothing but the journal', async () => {
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    await nextProcess()
    await edge.call('removeByJournal', setup.config())
    expect(await setup.snapshot()).toBe(before)
  })

  it('in the middle of installing or removing, everything is restored', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/conf/all/rp_filter', '1')
    const before = await setup.snapshot()
    for (const [change, event] of [
      ['install', /lookup 100/],
      ['install', /Deleted 0:.*local/],
      ['remove', /Deleted 12:/],
      ['remove', /Deleted 10:/],
    ] as const) {
      await setup.addDevice()
      if (change === 'remove') await edge.call('install', setup.config())
      const monitor = setup.lab.spawn('edge', 'ip', ['-4', 'monitor', 'rule'])
      await waitFor(async () => {
        await setup.lab.ip('edge', 'rule', 'add', 'priority', '77', 'table', '77')
        await setup.lab.ip('edge', 'rule', 'del', 'priority', '77', 'table', '77')
        return monitor.stdout.includes('77')
      })
      const cut = edge.call(change, setup.config()).catch(() => {})
      await monitor.waitForOutput(event)
      await nextProcess()
      await cut
      await monitor.stop()
      await edge.call('removeByJournal', setup.config())
      expect(await setup.snapshot()).toBe(before)
    }
  })

  it('a changed configuration takes over, and what it no longer needs goes', async () => {
    const before = await setup.snapshot()
    await setup.addDevice()
    await edge.call('install', setup.config())
    await nextProcess()
    await setup.lab.ip('edge', 'tuntap', 'add', 'dev', 'fish1', 'mode', 'tun')
    const changed = setup
      .config('device: { name: fish1 }', 'routing: { priority: 20, table: 200 }')
      .replace('198.51.100.10', '198.51.100.11')
    await edge.call('install', changed)
    expect(await edge.call('verify')).toEqual([])
    const now = await setup.snapshot()
    for (const gone of ['fishtun', '198.51.100.10', 'lookup 100']) expect(now).not.toContain(gone)
    await edge.call('remove')
    expect(await setup.snapshot()).toBe(before)
  })

  it('a journal of another network namespace is not believed', async () => {
    await setup.addDevice()
    await edge.call('install', setup.config())
    await edge.kill()
    const elsewhere = await setup.lab.enter('client', bundle.url)
    await elsewhere.call('removeByJournal', setup.config())
    expect((await setup.lab.ip('client', 'rule')).split('\n')[0]).toContain('local')
    expect(await setup.lab.ip('edge', 'rule')).toContain('lookup 100')
  })
})

describe('a host that is refused', () => {
  it('because a living process has the journal is left as it is', async () => {
    await setup.addDevice()
    await edge.call('install', setup.config())
    const installed = await setup.snapshot()
    const second = await setup.lab.enter('edge', bundle.url)
    await expect(second.call('install', setup.config())).rejects.toMatchObject({ code: 'ERR_HOST_IN_USE' })
    await expect(second.call('removeByJournal', setup.config())).rejects.toMatchObject({
      code: 'ERR_HOST_IN_USE',
    })
    expect(await setup.snapshot()).toBe(installed)
  })

  it('because a step fails is put back, and the device stays with its owner', async () => {
    await setup.addDevice()
    await setup.lab.ip('edge', 'link', 'set', 'dev', 'fishtun', 'up')
    await setup.lab.ip('edge', 'route', 'add', 'default', 'dev', 'fishtun', 'table', '101')
    await setup.lab.ip('edge', 'route', 'replace', 'blackhole', 'default', 'table', '100')
    const rules = await setup.lab.ip('edge', 'rule')
    await expect(edge.call('install', setup.config())).rejects.toMatchObject({ code: 'ERR_HOST_CHANGE' })
    expect(await setup.lab.ip('edge', 'rule')).toBe(rules)
    expect(await setup.lab.sysctl('edge', 'net.ipv4.ip_forward')).toBe('0')
    expect((await setup.lab.exec('edge', 'nft', ['list', 'ruleset'])).stdout).toBe('')
    expect(await setup.lab.ip('edge', 'link', 'show', 'dev', 'fishtun')).toContain('fishtun')
  })
})
