// Makes a fresh Debian machine ready, and does nothing when it is: Debian packages (as root; otherwise it prints the one line to run),
// npm packages, native addons, build. Every npm script of the root that needs these begins with it. No dependencies of its own.
//
//   node scripts/setup.mjs [--test] [--bench]
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const wants = new Set(process.argv.slice(2))

/** Program (or path of a file), Debian package, and the flag that makes it necessary (none: always). */
const programs = [
  ['g++', 'g++'],
  ['make', 'make'],
  ['python3', 'python3'],
  ['strip', 'binutils'],
  ['ip', 'iproute2'],
  ['tc', 'iproute2'],
  ['nft', 'nftables'],
  ['sysctl', 'procps'],
  ['unshare', 'util-linux'],
  ['curl', 'curl'],
  ['ping', 'iputils-ping'],
  ['iperf3', 'iperf3'],
  ['objdump', 'binutils', '--test'],
  ['clang-format', 'clang-format', '--test'],
  ['git', 'git', '--test'],
  ['/lib/systemd/systemd', 'systemd', '--test'],
  ['systemctl', 'systemd', '--test'],
  ['nsenter', 'util-linux', '--test'],
  ['setpriv', 'util-linux', '--test'],
  ['openssl', 'openssl', '--test'],
  ['gcc', 'gcc', '--bench'],
  ['conntrack', 'conntrack', '--bench'],
  ['taskset', 'util-linux', '--bench'],
  ['ethtool', 'ethtool', '--bench'],
  ['strace', 'strace', '--bench'],
  ['wireguard-go', 'wireguard-go', '--bench'],
  ['go', 'golang-go', '--bench'],
  [
    '/usr/share/gocode/src/github.com/cloudflare/tableflip/',
    'golang-github-cloudflare-tableflip-dev',
    '--bench',
  ],
]

class SetupError extends Error {}

try {
  checkNode()
  withLock(() => {
    installDebianPackages()
    installNpmPackages()
    run('npx', ['turbo', 'run', 'build:native', 'build', '--output-logs=errors-only'])
  })
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(`set-up: ${error.message}`)
  process.exitCode = 1
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 19)) return
  stop(`Node ${process.versions.node} is too old: 20.19 or later is needed`)
}

function installDebianPackages() {
  const needed = programs.filter(([program, , flag]) => (!flag || wants.has(flag)) && !isInstalled(program))
  const packages = [...new Set(needed.map(([, debian]) => debian))]
  if (packages.length === 0) return
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages]
  if (process.getuid() !== 0 || !isInstalled('apt-get')) {
    stop(`programs are missing (${needed.map(([program]) => program).join(', ')}); run this line, then try again:

  sudo ${install.join(' ')}`)
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '--quiet'], { env })
  run(install[0], install.slice(1), { env })
}

function installNpmPackages() {
  const stamp = join(root, 'node_modules/.installed-lock')
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return
  // Not `npm ci`: it insists on lock entries for every platform's binaries, and not every registry mirror offers those of other
  // platforms. This follows the lock as well, and does not write it.
  run('npm', ['install', '--no-save'])
  writeFileSync(stamp, lock)
}

/** Two set-ups at once would break each other: the second waits for the first, and takes over from one that died. */
function withLock(work) {
  const folder = join(root, '.cache/setup.lock')
  const owner = join(folder, 'pid')
  mkdirSync(join(root, '.cache'), { recursive: true })
  for (let waitedMs = 0; !tryMkdir(folder); waitedMs += 500) {
    if (!isAlive(readOwner(owner)) && waitedMs > 0) rmSync(folder, { recursive: true, force: true })
    else if (waitedMs === 0) console.log('another set-up is running, waiting for it')
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  }
  writeFileSync(owner, String(process.pid))
  try {
    work()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function tryMkdir(folder) {
  try {
    mkdirSync(folder)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function readOwner(file) {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
}

function isAlive(pid) {
  if (!pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function isInstalled(program) {
  if (program.startsWith('/')) return existsSync(program)
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) stop(`${command}: ${error.message}`)
  if (status !== 0) stop(`${command} ${args.join(' ')} failed (${status})`)
}

/** Ends the set-up; an exception, so that the lock is given back. */
function stop(message) {
  throw new SetupError(message)
}
