import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pack, type Tarball } from '../src/pack.js'
import { publishedPackages } from '../src/published-packages.js'
import { isNewer, symbolFloor } from '../src/symbol-floor.js'

const root = resolve(import.meta.dirname, '../../..')
const work = mkdtempSync(join(tmpdir(), 'packaging-'))
const packages = publishedPackages()
const tarballs = new Map<string, Tarball>()
/** The most code of all, in two formats with their maps, and three entry points. */
const largerBytes: Record<string, number> = { '@slatfatf/restart': 550_000 }

beforeAll(() => {
  for (const published of packages) tarballs.set(published.name, pack(published, work))
}, 120_000)

afterAll(() => rmSync(work, { recursive: true, force: true }))

describe.each(packages)('the tarball of $name', (published) => {
  const tarball = (): Tarball => tarballs.get(published.name)!

  it('holds the build, the README and the licence, and no tests or sources of TypeScript', () => {
    const { files } = tarball()
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    expect(files.some((file) => file.startsWith('dist/'))).toBe(true)
    expect(files.filter((file) => /(\.test\.|^test\/|^src\/|tsconfig|vitest|^build\/)/.test(file))).toEqual(
      [],
    )
  })

  it('runs nothing at install', () => {
    const scripts = Object.keys(published.manifest.scripts ?? {})
    expect(
      scripts.filter((name) => ['preinstall', 'install', 'postinstall', 'prepare'].includes(name)),
    ).toEqual([])
    if (published.native) expect(published.manifest.gypfile).toBe(false)
  })

  it('is small', () => {
    expect(tarball().sizeBytes).toBeLessThan(largerBytes[published.name] ?? 300_000)
  })

  it('satisfies publint', () => {
    const { status, stdout } = spawnSync('npx', ['publint', '--strict', tarball().path], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(status, stdout).toBe(0)
  })
})

describe.each(packages.filter(({ directory }) => directory.includes('/packages/')))(
  'the types of $name',
  ({ name }) => {
    it('fit every way to import it', () => {
      const { status, stdout } = spawnSync(
        'npx',
        ['attw', tarballs.get(name)!.path, '--profile', 'node16', '--format', 'ascii'],
        {
          cwd: root,
          encoding: 'utf8',
        },
      )
      expect(status, stdout).toBe(0)
    })
  },
)

describe.each(packages.filter(({ native }) => native))('the addon of $name', ({ name, directory }) => {
  const prebuild = `prebuilds/linux-${process.arch}/${name.replace('/', '+')}.glibc.node`

  it('is in the tarball, beside the sources and headers that would build it', () => {
    const { files } = tarballs.get(name)!
    expect(files).toContain(prebuild)
    expect(files).toContain('native/binding.gyp')
    expect(files.filter((file) => file.startsWith('native/build'))).toEqual([])
    expect(files).toContain('native/include/slatfatf/unique_fd.h')
  })

  it('asks for nothing newer than glibc 2.28 and the C++ runtime of GCC 8', () => {
    const { GLIBC = [], GLIBCXX = [] } = symbolFloor(join(directory, prebuild))
    expect(GLIBC.length).toBeGreaterThan(0)
    expect(isNewer(GLIBC, [2, 28])).toBe(false)
    expect(isNewer(GLIBCXX, [3, 4, 25])).toBe(false)
  })
})

describe('the tarball of @slatfatf/restart', () => {
  it('has what is run, copied and read beside the library, and no types of programs', () => {
    const { files } = tarballs.get('@slatfatf/restart')!
    const wanted = ['bin/restart.js', 'dist/cli.js', 'dist/companion-program.cjs', 'docs/protocol.md']
    expect(files).toEqual(expect.arrayContaining([...wanted, 'units/app.service', 'units/app.socket']))
    expect(files.filter((file) => /^dist\/(cli|companion-program)\.d\./.test(file))).toEqual([])
  })
})

describe('an empty project with only the tarballs', () => {
  const project = join(work, 'consumer')
  const enclosed = (file: string): string =>
    execFileSync('unshare', ['--net', process.execPath, join(project, file)], {
      encoding: 'utf8',
      env: { ...process.env, PREBUILDS_ONLY: '1' },
    })

  beforeAll(() => {
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true }))
    const files = readdirSync(work).filter((file) => file.endsWith('.tgz'))
    execFileSync('npm', ['install', '--ignore-scripts', ...files.map((file) => join(work, file))], {
      cwd: project,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    for (const file of ['consumer.mjs', 'consumer.cjs']) {
      copyFileSync(join(import.meta.dirname, 'consumer', file), join(project, file))
    }
  }, 120_000)

  // npm compiles a package with a binding.gyp at its root in these two cases, whatever its manifest says.
  it.each([['ci'], ['rebuild']])('compiles nothing on npm %s', (command) => {
    const npm = spawnSync('npm', [command], { cwd: project, encoding: 'utf8' })
    expect(npm.stderr + npm.stdout).not.toContain('node-gyp')
    expect(npm.status).toBe(0)
    for (const { name } of packages.filter(({ native }) => native)) {
      expect(readdirSync(join(project, 'node_modules', name, 'native'))).not.toContain('build')
    }
  })

  it('opens a device, configures it and reserves a tuple from ESM', () => {
    expect(JSON.parse(enclosed('consumer.mjs'))).toEqual({
      name: 'packed0',
      mtu: 1400,
      port: 40_000,
      second: 'EADDRNOTAVAIL',
      left: 0,
      restart: ['serving', 40_001],
      entries: Array(10).fill('function'),
    })
  })

  it('works from CommonJS, and recognises errors of the ESM copies', () => {
    expect(JSON.parse(enclosed('consumer.cjs'))).toEqual({
      tun: [true, 'ENOENT'],
      netlink: [true, 'ENODEV'],
      restart: [true, 'ERR_RESTART_NOT_LISTENING', 1],
      waitgroup: [true, 'ERR_WAITGROUP_TIMEOUT'],
      range: true,
      crossed: 2,
      entries: Array(5).fill('function'),
    })
  })

  it('answers a ping with the first line of the README of @slatfatf/tun', () => {
    const readme = readFileSync(join(root, 'packages/tun/README.md'), 'utf8')
    const [, file] = /^sudo node (node_modules\/\S+)$/m.exec(readme)!
    const script = `"$0" ${file} &
      timeout 20 sh -c 'until ip -4 address show dev tun0 2>/dev/null | grep -q 192.0.2.1; do :; done'
      ping -c 3 -i 0.05 -W 5 192.0.2.77; kill $!`
    const printed = execFileSync('unshare', ['--net', 'sh', '-c', script, process.execPath], {
      cwd: project,
      encoding: 'utf8',
      env: { ...process.env, PREBUILDS_ONLY: '1' },
    })
    expect(printed).toContain(' 3 received')
  })

  it('has nf-conntrack on its path', () => {
    const command = join(project, 'node_modules/.bin/nf-conntrack')
    const create = `create --protocol tcp --source 192.0.2.1 --destination 198.51.100.7 --source-port 9000 --destination-port 443 --timeout 60`
    const script = `"$0" ${create} && "$0" list --json`
    const printed = execFileSync('unshare', ['--net', 'sh', '-c', script, command], { encoding: 'utf8' })
    expect(printed).toContain('198.51.100.7')
    expect(spawnSync(command, ['lst'], { encoding: 'utf8' }).status).toBe(2)
  })

  it('restarts an example of @slatfatf/restart, and has restart on its path', () => {
    const folder = join(project, 'node_modules/@slatfatf/restart/examples')
    const config = { control: 'app.sock', host: '127.0.0.1', port: 0, greeting: 'hello' }
    writeFileSync(join(project, 'config.json'), JSON.stringify(config))
    const command = join(project, 'node_modules/.bin/restart')
    const script = `"$0" ${folder}/http-server.mjs &
      timeout 20 sh -c 'until ${command} ping --socket app.sock 2>/dev/null; do :; done'
      "$0" ${folder}/http-server.mjs restart && ${command} stop --socket app.sock`
    const run = spawnSync('sh', ['-c', script, process.execPath], { cwd: project, encoding: 'utf8' })
    expect(run.status, run.stderr).toBe(0)
    expect(run.stdout).toMatch(/process \d+ serves now, generation 1/)
    expect(spawnSync(command, ['ping', '--socket', join(project, 'app.sock')]).status).toBe(4)
  })

  it('has fishd on its path', () => {
    const fishd = join(project, 'node_modules/.bin/fishd')
    expect(execFileSync(fishd, ['--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+/)
    writeFileSync(join(project, 'fish.yaml'), 'slises: []\n')
    const { status, stderr } = spawnSync(fishd, ['check', '--config', join(project, 'fish.yaml')], {
      encoding: 'utf8',
    })
    expect(status).toBe(2)
    expect(stderr).toContain('fish.yaml:1:1')
  })
})
