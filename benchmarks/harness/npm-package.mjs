import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { output } from './commands.mjs'

const CACHE = resolve(import.meta.dirname, '../../.cache')
const INSTALL_MS = 120_000

/**
 * Packages of npm that are measured, and are no dependencies of anything here.
 *
 * @typedef {object} NpmPackages
 * @property {() => Promise<void>} install Where git does not see it, once, and no script of theirs is run. Never rejects:
 *   without the packages only their ratios are missing.
 * @property {() => Promise<{ folder: string, missing?: string }>} find Where they are, and if they are not, why.
 */

/**
 * @param {object} wanted
 * @param {string} wanted.benchmark
 * @param {readonly string[]} wanted.packages With the version that is pinned: `netlink@0.3.0`.
 * @param {string} wanted.probe A program that loads them from the folder which is its first argument, and fails if they do not.
 * @returns {NpmPackages}
 */
export function npmPackages({ benchmark, packages, probe }) {
  const name = packages.map((each) => each.replaceAll('/', '+')).join('+')
  const folder = join(CACHE, `bench-${benchmark}`, `${name}-node-${process.versions.modules}`)
  return {
    async install() {
      if ((await readOutcome(folder)) === '') return
      console.log(
        `installing ${packages.join(' and ')} of npm, to measure ${packages.length > 1 ? 'them' : 'it'}`,
      )
      await rm(folder, { recursive: true, force: true })
      await mkdir(folder, { recursive: true })
      await writeFile(join(folder, 'package.json'), '{ "private": true }\n')
      await writeFile(join(folder, 'outcome'), await install(folder, packages, probe))
    },
    async find() {
      const why = await readOutcome(folder)
      return { folder, ...(why !== '' && { missing: why }) }
    },
  }
}

/**
 * Why they cannot be used; empty if they can.
 *
 * @param {string} folder
 */
async function readOutcome(folder) {
  try {
    return await readFile(join(folder, 'outcome'), 'utf8')
  } catch {
    return 'it was not installed'
  }
}

/**
 * @param {string} folder
 * @param {readonly string[]} packages
 * @param {string} probe
 */
async function install(folder, packages, probe) {
  const npm = ['npm', '--prefix', folder, '--no-audit', '--no-fund', '--ignore-scripts', '--save-exact']
  try {
    await output([...npm, 'install', ...packages], { timeoutMs: INSTALL_MS })
  } catch (error) {
    return `npm did not install it: ${reasonOf(error)}`
  }
  try {
    await output([process.execPath, probe, folder])
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
