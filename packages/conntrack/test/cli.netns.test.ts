//   host   lo only; a rule that makes it track, nat chains
//   other  nothing
import { fileURLToPath } from 'node:url'
import { type CommandOptions, isNetnsError } from '@slatfatf/netns'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Finding, type Flow, STATUS } from '../src/index.js'
import { type ConntrackLab, numbered, numberedMany, openConntrackLab } from './conntrack-lab.js'

let room: ConntrackLab
beforeAll(async () => {
  room = await openConntrackLab()
})
afterAll(() => room?.close())
afterEach(() => room.clear())

const program = fileURLToPath(new URL('../bin/nf-conntrack.js', import.meta.url))

async function exec(command: string, args: readonly string[], options: CommandOptions = {}) {
  try {
    return { status: 0, ...(await room.lab.exec('host', command, args, options)) }
  } catch (error) {
    if (!isNetnsError(error) || typeof error.exitCode !== 'number') throw error
    return { status: error.exitCode, stdout: error.stdout, stderr: error.stderr }
  }
}

/** Runs the program in `host`. */
const run = (...args: string[]) => exec(process.execPath, [program, ...args])

const ends = ['-s', '192.0.2.1', '--source-port', '4000', '-d', '203.0.113.1', '--destination-port', '443']
const original = {
  source: '192.0.2.1',
  destination: '203.0.113.1',
  protocol: 'tcp',
  sourcePort: 4000,
  destinationPort: 443,
} as const
const echo = {
  source: '192.0.2.1',
  destination: '203.0.113.1',
  protocol: 'icmp',
  icmp: { type: 8, code: 0, id: 77 },
} as const
const ipv6 = {
  source: '2001:db8::1',
  destination: '2001:db8::2',
  protocol: 'udp',
  sourcePort: 5000,
  destinationPort: 53,
} as const

/** One entry of each kind. */
async function fill(): Promise<void> {
  const { created } = await room.conntrack.createMany([
    { original, timeoutSeconds: 600, mark: 7, protocolInfo: { tcp: { state: 'SYN_SENT' } } },
    { original, timeoutSeconds: 600, zone: 5, status: STATUS.CONFIRMED | STATUS.SEEN_REPLY },
    { original: echo, timeoutSeconds: 600 },
    { original: ipv6, timeoutSeconds: 600 },
    {
      original: { ...original, sourcePort: 4001 },
      timeoutSeconds: 600,
      nat: { source: { address: '198.51.100.10', port: 9000 } },
    },
  ])
  expect(created).toBe(5)
}

describe('list', () => {
  test('prints a line for each entry in columns that a program can cut', async () => {
    await fill()
    const { stdout, stderr } = await run('list')
    expect(stderr).toBe('')
    const [header, ...rows] = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ +/))
    expect(header).toHaveLength(13)
    expect(rows.every((row) => row.length === header!.length)).toBe(true)
    const column = (name: string) => rows.map((row) => row[header!.indexOf(name)]).sort()
    expect(column('PROTOCOL')).toEqual(['icmp', 'tcp', 'tcp', 'tcp', 'udp'])
    expect(column('ZONE')).toEqual(['-', '-', '-', '-', '5'])
    expect(column('STATUS')).toEqual(['-', '-', '-', 'SEEN_REPLY', 'SRC_NAT'])
    expect(column('REPLY-DESTINATION')).toContain('198.51.100.10:9000')
  })

  test('prints only what fits, and succeeds where nothing does', async () => {
    await fill()
    const { stdout } = await run('list', '--no-header', '-p', 'tcp', '--mark', '1/1')
    expect(stdout.split(/ +/).slice(3, 5)).toEqual(['192.0.2.1:4000', '203.0.113.1:443'])
    expect(await run('list', '--no-header', '-s', '10.0.0.0/8')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })

  test('prints JSON lines that have all that the API gives', async () => {
    await fill()
    const { stdout } = await run('list', '--json')
    const flows = (await room.conntrack.list()).map(({ id, original, reply }) => ({ id, original, reply }))
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(printed.map(({ id, original, reply }) => ({ id, original, reply }))).toEqual(flows)
    expect(printed.find(({ zone }) => zone === 5).statusNames).toEqual(['SEEN_REPLY', 'CONFIRMED'])
    expect(printed[0].counters.original).toEqual({ packets: '0', bytes: '0' })
  })

  test('says what the kernel says in /proc/net/nf_conntrack', async () => {
    await fill()
    const { stdout } = await run('list', '--json')
    const printed = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const side = ({ source, destination, sourcePort, destinationPort, icmp }: Record<string, unknown>) =>
      `${source} ${destination} ${icmp ? (icmp as { id: number }).id : `${sourcePort} ${destinationPort}`}`
    const ours = printed.map(
      ({ original, reply, mark, zone = 0, protocolInfo }) =>
        `${original.protocol} ${protocolInfo?.tcp?.state ?? '-'} ${side(original)} ${side(reply)} ${mark} ${zone}`,
    )
    const lines = (await exec('cat', ['/proc/net/nf_conntrack'])).stdout.trim().split('\n')
    const kernels = lines.map((line) => {
      const [, , protocol, , , state] = line.split(/ +/)
      const values = (name: string) =>
        [...line.matchAll(new RegExp(` ${name}=(\\S+)`, 'g'))].map(([, value]) => value)
      const [src, dst] = [values('src').map(shorten), values('dst').map(shorten)]
      const [sport, dport, id] = [values('sport'), values('dport'), values('id')]
      const at = (index: 0 | 1) =>
        `${src[index]} ${dst[index]} ${id[index] ?? `${sport[index]} ${dport[index]}`}`
      const isTcp = protocol === 'tcp'
      return `${protocol} ${isTcp ? state : '-'} ${at(0)} ${at(1)} ${values('mark')[0]} ${values('zone')[0]}`
    })
    expect(ours.sort()).toEqual(kernels.sort())
  })

  test('ends quietly when its reader has had enough', async () => {
    await room.conntrack.createMany(numberedMany(20_000))
    const pipe = `"$0" "$1" list | head -n 2; exit "$\{PIPESTATUS[0]}"`
    const { status, stdout, stderr } = await exec('bash', ['-c', pipe, process.execPath, program])
    expect(stdout.split('\n')).toHaveLength(3)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('reads another namespace by its name', async () => {
    await fill()
    const { lab } = room
    const args = ['-n', process.execPath, program, 'count', '--netns', lab.name('host')]
    const { stdout } = await exec('unshare', args)
    expect(stdout).toBe('5\n')
  })
})

describe('create, get, update', () => {
  test('an entry with NAT is made, and one that is there already is status 1', async () => {
    const nat = [
      '--source-nat',
      '198.51.100.10:9000-9009',
      '--mark',
      '0x2a',
      '-t',
      '300',
      '--require-tracking',
    ]
    const made = await run('create', ...ends, ...nat, '--json')
    expect(made.status).toBe(0)
    expect(JSON.parse(made.stdout)).toMatchObject({
      original,
      mark: 42,
      protocolInfo: { tcp: { state: 'SYN_SENT' } },
      reply: { destination: '198.51.100.10' },
    })
    const again = await run('create', ...ends)
    expect(again).toMatchObject({ status: 1, stdout: '' })
    expect(again.stderr).toContain('[EEXIST]\n')
  })

  test('get prints the entry, and is status 1 without one', async () => {
    await fill()
    expect((await run('get', ...ends, '--no-header')).stdout.split(/ +/)[3]).toBe('192.0.2.1:4000')
    expect(JSON.parse((await run('get', ...ends, '-w', '5', '--json')).stdout).zone).toBe(5)
    expect(await run('get', ...ends, '-w', '6')).toMatchObject({ status: 1, stdout: '' })
    const ping = ['-p', 'icmp', '-s', '203.0.113.1', '-d', '192.0.2.1', '--icmp', '0/0/77', '--reply']
    expect(JSON.parse((await run('get', ...ping, '--json')).stdout).original).toEqual(echo)
  })

  test('update changes what is named, and is status 1 without an entry', async () => {
    await fill()
    expect(await run('update', ...ends, '-m', '0x10/0xf0', '-u', 'assured,seen_reply')).toMatchObject({
      status: 0,
    })
    const flow = await room.conntrack.get({ original })
    expect(flow?.mark).toBe(0x17)
    expect(flow!.status! & STATUS.ASSURED).toBeTruthy()
    expect(await run('update', ...ends, '-w', '6', '-m', '1')).toMatchObject({ status: 1, stdout: '' })
  })
})

describe('restore', () => {
  const restore = (input: string, ...args: string[]) =>
    exec(process.execPath, [program, 'restore', ...args], { input })

  test('makes the entries that list printed, translations included, and counts those that are there', async () => {
    await fill()
    const { stdout } = await run('list', '--json')
    const side = ({ original, reply, zone, mark }: Flow) => ({ original, reply, zone, mark })
    const before = await room.conntrack.list()
    await room.conntrack.flush({ source: original.source })
    const { status, ...printed } = await restore(stdout)
    expect({ status, ...printed }).toEqual({
      status: 1,
      stdout: '4 created, 1 were there, 0 failed\n',
      stderr: '',
    })
    const after = await room.conntrack.list()
    expect(after.map(side)).toEqual(expect.arrayContaining(before.map(side)))
    await room.conntrack.flush()
    expect(await restore(stdout)).toMatchObject({ status: 0 })
  })

  test('names the line that it cannot read', async () => {
    const { status, stderr } = await restore('\n{"original":1}\n')
    expect(status).toBe(2)
    expect(stderr).toContain('line 2: ')
    const tuple = { source: '192.0.2', destination: '192.0.2.1', protocol: 'tcp' }
    expect(await restore(JSON.stringify({ original: tuple, reply: tuple }))).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('line 1: '),
    })
  })

  test('goes on after a refusal, and tells the first', async () => {
    await fill()
    const { stdout } = await run('list', '--json')
    await room.conntrack.flush()
    const [first, ...rest] = stdout.trim().split('\n')
    const helper = JSON.stringify({ ...JSON.parse(first!), helper: { name: 'no-such' } })
    const { status, stderr, ...printed } = await restore([helper, ...rest].join('\n'), '--json')
    expect(JSON.parse(printed.stdout)).toEqual({ created: 4, existing: 0, failed: 1, unknown: 0 })
    expect(status).toBe(3)
    expect(stderr).toContain("no helper 'no-such'")
  })
})

describe('delete, flush, count', () => {
  test('delete counts, and is status 1 when nothing fits', async () => {
    await fill()
    expect(await run('delete', '-s', '192.0.2.0/24', '-p', 'tcp')).toEqual({
      status: 0,
      stdout: '3 deleted\n',
      stderr: '',
    })
    expect(await run('delete', '-s', '192.0.2.0/24', '-p', 'tcp')).toMatchObject({
      status: 1,
      stdout: '0 deleted\n',
    })
    const { stdout } = await run('delete', '-s', '2001:db8::1', '--json')
    expect(JSON.parse(stdout)).toEqual({ deleted: 1, alreadyGone: 0, failed: 0, unknown: 0 })
    expect((await room.conntrack.list()).map(({ original }) => original)).toEqual([echo])
  })

  test('delete without a filter deletes nothing', async () => {
    await fill()
    expect(await run('delete')).toMatchObject({ status: 2, stdout: '' })
    expect((await run('count')).stdout).toBe('5\n')
  })

  test('flush deletes what fits, and everything without a filter', async () => {
    await fill()
    expect(await run('flush', '--family', '6')).toMatchObject({ status: 0 })
    expect(JSON.parse((await run('count', '-f', '6', '--json')).stdout)).toMatchObject({
      matching: 0,
      entries: 4,
    })
    expect(await run('flush', '--source-port', '4000-4001')).toMatchObject({ stdout: '3 deleted\n' })
    expect(await run('flush')).toMatchObject({ status: 0 })
    expect((await run('count')).stdout).toBe('0\n')
  })

  test('stats has a line for each CPU', async () => {
    const lines = (await run('stats', '--json')).stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).cpu)).toEqual(lines.map((_, cpu) => cpu))
    expect((await run('stats')).stdout.trim().split('\n')).toHaveLength(lines.length + 1)
  })
})

describe('watch', () => {
  const watch = (...args: string[]) => room.lab.spawn('host', process.execPath, [program, 'watch', ...args])

  test('prints what happens until SIGINT, and that is status 0', async () => {
    const watcher = watch('--events', 'new,destroy', '--source-port', '4000')
    await watcher.waitForOutput(/^watching$/m)
    await room.conntrack.create({ original: { ...original, sourcePort: 4001 }, timeoutSeconds: 600 })
    await room.conntrack.create({ original, timeoutSeconds: 600 })
    await watcher.waitForOutput(/^new +tcp .* 192\.0\.2\.1:4000 /m)
    await room.conntrack.delete({ original })
    await watcher.waitForOutput(/^destroy +tcp .* 192\.0\.2\.1:4000 /m)
    expect(await watcher.stop('SIGINT')).toEqual({ code: 0, signal: null })
    expect(watcher.stdout.trim().split('\n')).toHaveLength(3)
    expect(watcher.stdout).toMatch(/^EVENT +PROTOCOL +STATE/)
  })

  test('says that events were lost, and goes on', async () => {
    const watcher = watch('--json', '--buffer-size', '8192')
    await watcher.waitForOutput(/^watching$/m)
    process.kill(watcher.pid!, 'SIGSTOP')
    await room.conntrack.createMany(numberedMany(5_000))
    process.kill(watcher.pid!, 'SIGCONT')
    await watcher.waitForOutput(/^\{"type":"overrun",/m)
    await watcher.waitForOutput(/^events were lost here/m)
    await room.conntrack.create(numbered(6_000))
    await watcher.waitForOutput(/^\{"type":"new","flow":\{"family":4,"original":\{"source":"10\.0\.23\.112"/m)
    expect(await watcher.stop('SIGTERM')).toEqual({ code: 0, signal: null })
  })

  test('ends after as many events as were asked for', async () => {
    const watcher = watch('--count', '1', '--json')
    await watcher.waitForOutput(/^watching$/m)
    await room.conntrack.create({ original, timeoutSeconds: 600 })
    expect(await watcher.exited).toEqual({ code: 0, signal: null })
    expect(JSON.parse(watcher.stdout)).toMatchObject({ type: 'new', flow: { original } })
  })
})

test('without the capability it is told what is missing, and status 3', async () => {
  const args = ['--bounding-set=-net_admin', process.execPath, program, 'list']
  const { status, stderr } = await exec('setpriv', args)
  expect(status).toBe(3)
  expect(stderr).toMatch(/\[EPERM\]\n {2}.*CAP_NET_ADMIN/)
})

test('wrong use is status 2, and nothing is deleted by what is spelled wrong', async () => {
  await fill()
  for (const args of [
    ['flush', '--sorce', '192.0.2.1'],
    ['delete', '-s', '192.0.2.1/24'],
    ['flush', '--status', 'ASSURED', '--not-status', 'ASSURED'],
    ['list', '--state', 'ESTABLISED'],
    ['watch', '--count', '0'],
    ['flsh'],
    [],
  ]) {
    expect(await run(...args)).toMatchObject({ status: 2, stdout: '' })
  }
  expect(await room.conntrack.statistics()).toMatchObject({ entries: 5 })
})

test('doctor is status 1 until what is needed is right, and the line that it prints makes it so', async () => {
  const findings = (text: string): Finding[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  const needs = ['doctor', '--needs', 'tracking,nat', '--json']
  expect(await run(...needs)).toMatchObject({ status: 0, stderr: '' })
  await room.lab.exec('host', 'nft', ['delete', 'table', 'inet', 'tracking'])
  const { status, stdout } = await run(...needs)
  expect(status).toBe(1)
  const wrong = findings(stdout).filter(({ ok }) => !ok)
  expect(wrong.map(({ check }) => check)).toEqual(['tracking', 'nat'])
  const { stdout: text } = await run('doctor')
  for (const { check, fix } of wrong) {
    expect(text).toMatch(new RegExp(`^WRONG ${check} `, 'm'))
    expect(text).toContain(`fix: ${fix}`)
    await room.lab.exec('host', 'sh', ['-c', fix!])
  }
  expect(await run(...needs)).toMatchObject({ status: 0 })
})

/** /proc writes IPv6 addresses in full. */
function shorten(address: string | undefined): string {
  return address!.includes(':') ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address!
}
