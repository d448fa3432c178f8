import type { NetnsChild } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { HostProblem } from '../src/host/preflight.js'
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

const modest = 'limits: { flows: 100 }'

/** `severity CODE` of each problem on the edge. */
async function problemsOf(config = setup.config(modest)): Promise<string[]> {
  const problems = await edge.call<HostProblem[]>('preflight', config)
  return problems.map(({ severity, code }) => `${severity} ${code}`)
}

/** The same, in a process started by a shell line in which `$@` is the process. */
async function problemsUnder(script: string): Promise<string[]> {
  const program = `import { preflight } from ${JSON.stringify(bundle.url.href)}
    console.log(JSON.stringify(await preflight(${JSON.stringify(setup.config(modest))})))`
  const node = [process.execPath, '--input-type=module', '--eval', program]
  const { stdout } = await setup.lab.exec('edge', 'sh', ['-ec', script, 'sh', ...node])
  return (JSON.parse(stdout) as HostProblem[]).map(({ severity, code }) => `${severity} ${code}`)
}

describe('preflight', () => {
  it('finds nothing on a host that is ready, and changes nothing', async () => {
    const before = await setup.snapshot()
    expect(await problemsOf()).toEqual([])
    expect(await setup.snapshot()).toBe(before)
  })

  it('finds nothing wrong with what a crashed fish left behind', async () => {
    await setup.addDevice()
    await edge.call('install', setup.config(modest))
    expect(await problemsOf()).toEqual([])
  })

  it('misses CAP_NET_ADMIN', async () => {
    const without = 'setpriv --inh-caps=-net_admin --bounding-set=-net_admin -- "$@"'
    expect(await problemsUnder(without)).toContain('error NO_NET_ADMIN')
  })

  it('misses nft', async () => {
    expect(await problemsUnder('PATH=/nonexistent "$@"')).toEqual(['error NFT_MISSING'])
  })

  it('misses /dev/net/tun', async () => {
    const hidden = `exec unshare --mount sh -ec 'mount -t tmpfs none /dev/net; exec "$@"' sh "$@"`
    expect(await problemsUnder(hidden)).toEqual(['error TUN_MISSING'])
  })

  it('is refused /dev/net/tun', async () => {
    const script = 'mount --bind /dev/net /dev/net; mount -o remount,bind,nodev /dev/net; exec "$@"'
    const forbidden = `exec unshare --mount sh -ec '${script}' sh "$@"`
    expect(await problemsUnder(forbidden)).toEqual(['error TUN_FORBIDDEN'])
  })

  it('misses the interface of a client', async () => {
    await setup.lab.ip('edge', 'link', 'set', 'dev', 'wg0', 'down', 'name', 'wg1')
    expect(await problemsOf()).toEqual(['error CLIENT_MISSING'])
  })

  it('finds slices outside of the port range, and gives the command that solves it', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/ip_local_port_range', '40050 41000')
    const [problem] = await edge.call<HostProblem[]>('preflight', setup.config(modest))
    expect(problem).toMatchObject({ code: 'PORT_RANGE', severity: 'error' })
    const command = /sysctl -w net\/ipv4\/ip_local_port_range="[\d ]+"/.exec(problem?.hint ?? '')?.[0]
    await setup.lab.exec('edge', 'sh', ['-c', command ?? 'false'])
    expect(await problemsOf()).toEqual([])
  })

  it('does not mind such slices if it may widen the range, unless the kernel would not', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/ip_local_port_range', '40050 41000')
    const widen = [modest, 'host: { widenPortRange: true }']
    expect(await problemsOf(setup.config(...widen))).toEqual([])
    await setup.lab.sysctl('edge', 'net/ipv4/ip_unprivileged_port_start', '40001')
    expect(await problemsOf(setup.config(...widen))).toEqual(['error PORT_RANGE_PRIVILEGED'])
  })

  it.each(['40050', '1000,40050-50000'])('finds ports of a slice reserved by %s', async (reserved) => {
    await setup.lab.sysctl('edge', 'net/ipv4/ip_local_reserved_ports', reserved)
    expect(await problemsOf()).toEqual(['error PORTS_RESERVED'])
  })

  it('finds a slice on another interface than lo', async () => {
    await setup.lab.ip('edge', 'address', 'add', '198.51.100.10/24', 'dev', 'up0')
    expect(await problemsOf()).toEqual(['error ADDRESS_ELSEWHERE'])
  })

  it('finds its table or one of its priorities in use', async () => {
    await setup.lab.ip('edge', 'route', 'add', '203.0.113.0/24', 'via', '192.0.2.2', 'table', '101')
    await setup.lab.ip('edge', 'rule', 'add', 'priority', '11', 'from', '203.0.113.1', 'lookup', 'main')
    expect(await problemsOf()).toEqual(['error TABLE_IN_USE', 'error PRIORITY_IN_USE'])
  })

  it('finds the name of the device taken', async () => {
    await setup.lab.ip('edge', 'link', 'add', 'fishtun', 'type', 'veth')
    expect(await problemsOf()).toEqual(['error DEVICE_TAKEN'])
  })

  it('warns of a device larger than the way out', async () => {
    await setup.lab.ip('edge', 'link', 'set', 'dev', 'up0', 'mtu', '1400')
    expect(await problemsOf()).toEqual(['warning DEVICE_MTU'])
  })

  it('warns of fewer open files than flows', async () => {
    expect(await problemsOf(setup.config('limits: { flows: 16000000 }'))).toEqual(['warning FD_LIMIT'])
  })

  it('warns of a reverse path filter for all interfaces', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/conf/all/rp_filter', '1')
    expect(await problemsOf()).toEqual(['warning RP_FILTER'])
  })

  it('finds a reverse path filter that would follow the mark', async () => {
    await setup.lab.sysctl('edge', 'net/ipv4/conf/up0/rp_filter', '1')
    await setup.lab.sysctl('edge', 'net/ipv4/conf/all/src_valid_mark', '1')
    expect(await problemsOf()).toEqual(['error SRC_VALID_MARK'])
    await setup.lab.sysctl('edge', 'net/ipv4/conf/up0/rp_filter', '2')
    expect(await problemsOf()).toEqual([])
  })
})
