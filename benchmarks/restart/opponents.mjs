import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { output } from '../harness/commands.mjs'
import { npmPackages } from '../harness/npm-package.mjs'

const CACHE = resolve(import.meta.dirname, '../../.cache/bench-restart')

/** Where Debian's package golang-github-cloudflare-tableflip-dev puts its sources, and those of what it needs. */
const GO_SOURCES = '/usr/share/gocode'
const TABLEFLIP = join(CACHE, 'tableflip-server')

const npm = npmPackages({
  benchmark: 'restart',
  packages: ['pm2@7.0.4'],
  probe: join(import.meta.dirname, 'pm2-probe.mjs'),
})

/** Installs what the variants compare with, where git does not see it. Never rejects: what is missing is said. */
export async function prepareOpponents() {
  await mkdir(CACHE, { recursive: true })
  await npm.install()
}

/** Its program, and if it cannot run here, why. */
export async function findPm2() {
  const { folder, missing } = await npm.find()
  return { program: join(folder, 'node_modules/pm2/bin/pm2'), missing }
}

/** Why there is no tableflip; undefined: it can be built. */
export async function tableflipMissing() {
  if (!existsSync(join(GO_SOURCES, 'src/github.com/cloudflare/tableflip'))) {
    return 'Debian’s golang-github-cloudflare-tableflip-dev is not installed'
  }
  try {
    await buildTableflip()
    return undefined
  } catch (error) {
    return `it does not build: ${/** @type {Error} */ (error).message.split('\n')[0]}`
  }
}

/** @type {Promise<string> | undefined} */
let built

/** Builds the Go server once in a run; its path. */
export function buildTableflip() {
  built ??= output(
    [
      ...['env', 'GO111MODULE=off', `GOPATH=${GO_SOURCES}`, `GOCACHE=${join(CACHE, 'go')}`],
      ...['go', 'build', '-o', TABLEFLIP, join(import.meta.dirname, 'servers/tableflip/main.go')],
    ],
    { timeoutMs: 120_000 },
  ).then(() => TABLEFLIP)
  return built
}
