import { existsSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { output } from '../harness/commands.mjs'

/** The one TUN package that npm still has for Linux and that runs on a current Node; all others are gone or do not compile. */
export const NPM_PACKAGE = 'appium-ios-tuntap'

/**
 * Pinned, the better one first. The newest one brings a binary for glibc 2.38, and compiles itself only where OpenSSL's
 * static libraries are; the older one brings a binary for glibc 2.33. What is measured, `read` and `write`, both have.
 */
const VERSIONS = ['2.0.5', '0.2.5']

const CACHE = resolve(import.meta.dirname, '../../.cache/bench-tun')
const PROBE = join(import.meta.dirname, 'npm-forwarder.mjs')
const INSTALL_MS = 180_000
const NOT_LOADED = 'it does not load'

/** @typedef {{ version: string, folder: string, missing?: string }} InstalledPackage */

/**
 * Installs the package where git does not see it, once. Never rejects: without the package only its ratios are missing.
 *
 * @returns {Promise<void>}
 */
export async function installNpmPackage() {
  for (const version of VERSIONS) {
    const before = await readOutcome(version)
    if (before === '') return
    // What npm refused may be had today; what does not load here never will.
    if (before.startsWith(NOT_LOADED)) continue
    console.log(`installing ${NPM_PACKAGE}@${version} of npm, to measure it`)
    const folder = folderOf(version)
    const outcome = await install(version, folder)
    await writeFile(join(folder, 'outcome'), outcome)
    if (outcome === '') return
  }
}

/** The version that was installed and loads, or why there is none. */
export async function findNpmPackage() {
  const failures = []
  for (const version of VERSIONS) {
    const why = await readOutcome(version)
    if (why === '') return { version, folder: folderOf(version) }
    failures.push(`${version}: ${why}`)
  }
  return { version: '', folder: '', missing: failures.join('; ') }
}

/** @param {string} version */
function folderOf(version) {
  return join(CACHE, `${NPM_PACKAGE}-${version}-node-${process.versions.modules}`)
}

/**
 * Why a version cannot be used; empty if it can.
 *
 * @param {string} version
 */
async function readOutcome(version) {
  try {
    return await readFile(join(folderOf(version), 'outcome'), 'utf8')
  } catch {
    return 'it was not installed'
  }
}

/**
 * @param {string} version
 * @param {string} folder
 */
async function install(version, folder) {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
  const npm = ['npm', '--prefix', folder, '--no-audit', '--no-fund']
  const name = `${NPM_PACKAGE}@${version}`
  try {
    // Scripts of the package itself only, not of what it depends on.
    await output([...npm, 'install', '--ignore-scripts', '--save-exact', name], { timeoutMs: INSTALL_MS })
  } catch (error) {
    return `npm did not install it: ${reasonOf(error)}`
  }
  const rebuild = ['env', `npm_config_nodedir=${headersFolder()}`, ...npm, 'rebuild', NPM_PACKAGE]
  // Whether that worked is seen by loading it.
  await output(rebuild, { timeoutMs: INSTALL_MS }).catch(() => {})
  try {
    await output([process.execPath, PROBE, folder])
    return ''
  } catch (error) {
    return `${NOT_LOADED}: ${reasonOf(error)}`
  }
}

/**
 * The line of a program's complaint that says most.
 *
 * @param {unknown} error
 */
function reasonOf(error) {
  const lines = String(/** @type {Error} */ (error).message).split('\n')
  return (lines.find((line) => /^(npm error|\w*Error:) /.test(line)) ?? lines[0] ?? '').trim()
}

/** Where the headers of the running Node are, if its distribution has them; else node-gyp asks the internet. */
function headersFolder() {
  const own = resolve(dirname(process.execPath), '..')
  return existsSync(join(own, 'include/node/node_api.h')) ? own : ''
}
