//  test ── unshare + namespace.sh (keeper) ── setpriv + unshare ── systemd, PID 1 of its own namespaces
//                     │ stdin: the life line
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { expect, test } from 'vitest'
import { boot } from '../../../../tooling/systemd/boot.js'

const namespaceScript = new URL('../../../../tooling/systemd/namespace.sh', import.meta.url).pathname
/** CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_BOOT, CAP_SYS_TIME, CAP_MKNOD, CAP_SYSLOG (linux/capability.h). */
const forbidden = [16n, 17n, 22n, 25n, 27n, 34n].reduce((set, bit) => set | (1n << bit), 0n)

test('systemd boots as PID 1 of its own namespaces, and nothing of the machine can be changed from inside', async () => {
  await using systemd = await boot()
  expect(await systemd.exec('cat', ['/proc/1/comm'])).toEqual({ status: 0, stdout: 'systemd\n', stderr: '' })
  for (const name of ['pid', 'mnt', 'uts', 'ipc', 'cgroup', 'net']) {
    const { stdout } = await systemd.exec('stat', ['--dereference', '--format=%i', `/proc/1/ns/${name}`])
    expect(stdout.trim()).not.toBe(namespaceOf('self', name))
    expect(stdout.trim()).toBe(namespaceOf(String(systemd.pid), name))
  }
  // Looked up, never tried: what works after all would have changed this machine.
  for (const path of ['/', '/etc', '/usr', '/proc/sys/fs/nr_open', '/sys/kernel']) {
    expect(await systemd.exec('test', ['-w', path]), path).toMatchObject({ status: 1 })
  }
  for (const process of ['1', 'self']) {
    const { stdout } = await systemd.exec('cat', [`/proc/${process}/status`])
    const sets = [...stdout.matchAll(/^Cap(?:Inh|Prm|Eff|Bnd|Amb):\t(\w+)$/gm)].map(([, set]) =>
      BigInt(`0x${set}`),
    )
    expect(sets).toHaveLength(5)
    for (const set of sets) expect(set & forbidden, process).toBe(0n)
  }
  expect((await systemd.exec('touch', [join(systemd.folder, 'written')])).status).toBe(0)
  expect(existsSync(join(systemd.folder, 'written'))).toBe(true)
})

test('a unit runs, its words are in the journal, and close leaves no process, no cgroup and no folder', async () => {
  const systemd = await boot()
  const keeper = parentOf(parentOf(systemd.pid))
  await systemd.writeUnits({
    'hello.service': "[Service]\nExecStart=sh -c 'echo hello; exec sleep 1000'\n",
  })
  expect(await systemd.systemctl('start', 'hello')).toMatchObject({ status: 0 })
  expect(await systemd.property('hello', 'SubState')).toBe('running')
  await waitFor(async () => (await systemd.journal('hello')).includes('hello'))
  expect(cgroups()).toContain(`slatfatf-systemd-${keeper}`)
  await systemd.close()
  await systemd.close()
  expect(isAlive(systemd.pid)).toBe(false)
  expect(isAlive(keeper)).toBe(false)
  expect(cgroups()).not.toContain(`slatfatf-systemd-${keeper}`)
  expect(existsSync(systemd.folder)).toBe(false)
})

test('a test runner that is killed leaves nothing behind', async () => {
  const base = mkdtempSync(join(tmpdir(), 'slatfatf-systemd-'))
  for (const folder of ['shared', 'units', 'cgroup']) mkdirSync(join(base, folder))
  const program = `
    const args = ['--mount', '--', 'sh', ${JSON.stringify(namespaceScript)}, 'outside', ${JSON.stringify(base)}, '/lib/systemd/systemd']
    const keeper = require('node:child_process').spawn('unshare', args, { stdio: ['pipe', 'inherit', 'ignore'], detached: true })
    console.log('keeper ' + keeper.pid)`
  const runner = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  runner.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  try {
    const keeper = Number(await waitFor(() => /keeper (\d+)/.exec(said)?.[1]))
    const namespace = await waitFor(() => /namespace (\d+)/.exec(said)?.[1])
    const first = Number(
      await waitFor(() => readFileSync(`/proc/${namespace}/task/${namespace}/children`, 'utf8').trim()),
    )
    runner.kill('SIGKILL')
    await waitFor(() => ![keeper, first].some(isAlive))
    expect(existsSync(base)).toBe(false)
    expect(cgroups()).not.toContain(`slatfatf-systemd-${keeper}`)
  } finally {
    runner.kill('SIGKILL')
  }
})

test('a keeper that is killed takes everything with it, and the next boot removes its cgroup', async () => {
  const systemd = await boot()
  const keeper = parentOf(parentOf(systemd.pid))
  process.kill(keeper, 'SIGKILL')
  await waitFor(() => !isAlive(systemd.pid))
  await systemd.close()
  expect(existsSync(systemd.folder)).toBe(false)
  await using _next = await boot()
  expect(cgroups()).not.toContain(`slatfatf-systemd-${keeper}`)
})

function namespaceOf(pid: string, name: string): string {
  return execFileSync('stat', ['--dereference', '--format=%i', `/proc/${pid}/ns/${name}`], {
    encoding: 'utf8',
  }).trim()
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

/** A killed process stays in the list until its parent has asked for it. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

function cgroups(): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'slatfatf-cgroups-'))
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
  const list = `mount -t cgroup2 cgroup2 ${folder} && ls ${folder}${own}`
  const names = execFileSync('unshare', ['--mount', 'sh', '-c', list], { encoding: 'utf8' }).split('\n')
  rmdirSync(folder)
  return names
}
