import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { output } from '../harness/commands.mjs'

/** The one netlink package of npm that does more than open a socket. Pinned; its tarball has binaries. */
export const NPM_PACKAGE = 'netlink@0.3.0'

const FOLDER = resolve(
  import.meta.dirname,
  `../../.cache/bench-conntrack/${NPM_PACKAGE}-node-${process.versions.modules}`,
)
const PROBE = join(import.meta.dirname, 'npm-side.mjs')
const INSTALL_MS = 120_000

/**
 * Installs the package where git does not see it, once, and no script of it is run. Never rejects: without the package
 * only its ratios are missing.
 *
 * @returns {Promise<void>}
 */
export async function installNpmPackage() {
  if ((await readOutcome()) === '') return
  console.log(`installing ${NPM_PACKAGE} of npm, to measure it`)
  await rm(FOLDER, { recursive: true, force: true })
  await mkdir(FOLDER, { recursive: true })
  await writeFile(join(FOLDER, 'package.json'), '{ "private": true }\n')
  await writeFile(join(FOLDER, 'outcome'), await install())
}

/** Where it is, and if it is not, why. */
export async function findNpmPackage() {
  const why = await readOutcome()
  return { folder: FOLDER, ...(why !== '' && { missing: why }) }
}

/** Why it cannot be used; empty if it can. */
async function readOutcome() {
  try {
    return await readFile(join(FOLDER, 'outcome'), 'utf8')
  } catch {
    return 'it was not installed'
  }
}

async function install() {
  const npm = ['npm', '--prefix', FOLDER, '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact']
  try {
    await output([...npm, 'install', NPM_PACKAGE], { timeoutMs: INSTALL_MS })
  } catch (error) {
    return `npm did not install it: ${reasonOf(error)}`
  }
  try {
    await output([process.execPath, PROBE, FOLDER])
    return ''
  } catch (error) {
    return `it does not load: ${reasonOf(error)}`
  }
}

/**
 * The line of a program's complaint that says most; which registry was asked is nobody's business.
 *
 * @param {unknown} error
 */
function reasonOf(error) {
  const lines = String(/** @type {Error} */ (error).message).split('\n')
  const line = lines.find((each) => /^(npm error|\w*Error:) /.test(each)) ?? lines[0] ?? ''
  return line.replaceAll(/https?:\/\/\S+/g, 'the registry').trim()
}
