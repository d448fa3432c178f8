//   a             b
//   x --- veth --- y    mtu 1400, 192.0.2.0/24 and 2001:db8::/64
import { existsSync } from 'node:fs'
import { readlink } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLab, type Lab, waitFor } from '../src/index.js'

let lab: Lab

beforeAll(async () => {
  lab = await createLab({
    namespaces: ['a', 'b'],
    links: [{ a: 'a:x 192.0.2.1/24 2001:db8::1/64', b: 'b:y 192.0.2.2/24 2001:db8::2/64', mtu: 1400 }],
  })
})

afterAll(() => lab?.close())

test('the ends of a link have their addresses and are up, and lo is up too', async () => {
  const links = JSON.parse(await lab.ip('b', '-json', 'address', 'show'))
  expect(links).toMatchObject([
    { ifname: 'lo', flags: expect.arrayContaining(['UP']) },
    { ifname: 'y', operstate: 'UP', mtu: 1400 },
  ])
  const addresses = links[1].addr_info.filter(({ scope }: { scope: string }) => scope === 'global')
  expect(addresses.map(({ local }: { local: string }) => local)).toEqual(['192.0.2.2', '2001:db8::2'])
})

test('path names the namespace in which commands run', async () => {
  const { stdout } = await lab.exec('a', 'ip', ['netns', 'identify'])
  expect(lab.path('a')).toBe(`/run/netns/${stdout.trim()}`)
  const { stdout: inside } = await lab.exec('a', 'readlink', ['/proc/self/ns/net'])
  expect(inside.trim()).not.toBe(await readlink('/proc/self/ns/net'))
})

test('a failed command shows itself, its exit code, and the commands before it', async () => {
  const failure = lab.ip('a', 'link', 'set', 'no-such-device', 'up')
  await expect(failure).rejects.toMatchObject({
    code: 'ERR_COMMAND_FAILED',
    exitCode: 1,
    stderr: expect.stringContaining('no-such-device'),
    message: expect.stringContaining(`ip netns add ${lab.name('a')}`),
  })
  expect(lab.commands).toContain(`ip -n ${lab.name('a')} link set no-such-device up`)
})

test('a ruleset is loaded into its namespace, and one with an error is refused as a whole', async () => {
  await lab.nft('a', 'table inet good { }')
  const refused = lab.nft('a', 'table inet other { }\ntable inet bad { chain c { no such rule } }')
  await expect(refused).rejects.toMatchObject({ code: 'ERR_COMMAND_FAILED' })
  const { stdout } = await lab.exec('a', 'nft', ['list', 'tables'])
  expect(stdout.trim()).toBe('table inet good')
})

test('a sysctl changes in one namespace only', async () => {
  expect(await lab.sysctl('a', 'net.ipv4.ip_forward')).toBe('0')
  expect(await lab.sysctl('a', 'net.ipv4.ip_forward', '1')).toBe('1')
  expect(await lab.sysctl('b', 'net/ipv4/ip_forward')).toBe('0')
})

test.each(['kernel.pid_max', 'vm/swappiness', 'net/../kernel/pid_max'])(
  'the sysctl %s belongs to the whole machine and is refused',
  async (key) => {
    await expect(lab.sysctl('a', key, '1')).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
  },
)

test('output of a running process can be waited for, also when it is already there', async () => {
  const cat = lab.spawn('a', 'cat')
  cat.stdin?.write('port 4242\n')
  expect((await cat.waitForOutput(/port (\d+)/g))[1]).toBe('4242')
  expect((await cat.waitForOutput(/port (\d+)/g))[1]).toBe('4242')
  expect(await cat.stop()).toEqual({ code: null, signal: 'SIGTERM' })
  expect(await cat.stop()).toEqual({ code: null, signal: 'SIGTERM' })
})

test('waiting for output ends with the process, with what it printed', async () => {
  const failing = lab.spawn('a', 'sh', ['-c', 'echo address in use >&2; exit 1'])
  const ended = { code: 'ERR_PROCESS_ENDED', exitCode: 1, stderr: 'address in use\n' }
  await expect(failing.waitForOutput(/listening/)).rejects.toMatchObject(ended)
})

test('waiting for output that does not come has a deadline', async () => {
  await using silent = lab.spawn('a', 'sleep', ['60'])
  await expect(silent.waitForOutput(/x/, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
})

test('a role that the lab does not have is refused', () => {
  expect(() => lab.name('c')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }))
})

test.each([
  { namespaces: ['a', 'a'] },
  { namespaces: ['../a'] },
  { namespaces: ['a'], links: [{ a: 'a:x', b: 'b:y' }] },
])('%j is no lab', async (options) => {
  await expect(createLab(options)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' })
})

test('a lab that cannot be completed leaves nothing behind', async () => {
  const device = 'a-name-longer-than-a-device-may-have'
  const failure = createLab({ namespaces: ['half', 'done'], links: [{ a: `half:${device}`, b: 'done:y' }] })
  const error = await failure.catch((error) => error)
  expect(error).toMatchObject({ code: 'ERR_COMMAND_FAILED' })
  const [, name] = /netns add (\S+)/.exec(error.message)!
  expect(existsSync(`/run/netns/${name}`)).toBe(false)
})

test('labs of one process have names of their own', async () => {
  const labs = await Promise.all([1, 2, 3].map(() => createLab({ namespaces: ['a', 'b'] })))
  try {
    const paths = [lab, ...labs].flatMap((lab) => [lab.path('a'), lab.path('b')])
    expect(new Set(paths).size).toBe(8)
    expect(paths.every(existsSync)).toBe(true)
  } finally {
    await Promise.all(labs.map((lab) => lab.close()))
  }
})

test('close removes the namespaces and ends everything in them, and a second close does nothing', async () => {
  const lab = await createLab({ namespaces: ['a'] })
  const path = lab.path('a')
  const child = await lab.enter('a', new URL('./behaviour-cases.mjs', import.meta.url))
  const shell = lab.spawn('a', 'sh', ['-c', 'sleep 60 & echo orphan $!; wait'])
  const orphan = Number((await shell.waitForOutput(/orphan (\d+)/))[1])
  await lab.close()
  await lab.close()
  expect(existsSync(path)).toBe(false)
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(await shell.exited).toEqual({ code: null, signal: 'SIGTERM' })
  // A process that nobody has waited for yet is still listed, but it has no program any more.
  await waitFor(() => !existsSync(`/proc/${orphan}/exe`), { message: 'the orphan to be gone' })
  expect(() => lab.name('a')).toThrow(expect.objectContaining({ code: 'ERR_LAB_CLOSED' }))
})
