import { readFile } from 'node:fs/promises'
import { output } from '../harness/commands.mjs'
import { inside, removeNamespaces, renewNamespaces } from '../harness/namespaces.mjs'
import { compileNativeProgram } from '../harness/native-program.mjs'
import { ENTRIES } from './entries.mjs'

export const HOST = 'table'

/** Said once, printed with the figures. */
export const TOPOLOGY = `table: a namespace with loopback, no rules, no packets   entries: ${ENTRIES}`

/** What most loads have. */
export const ENTRY_COUNT = 100_000

/** What the large dump should have. */
const LARGE_ENTRY_COUNT = 500_000

/** Near the limit of the table the kernel begins to drop. */
const SHARE_OF_TABLE = 0.96

/**
 * Both are the machine's, not a namespace's: only its first namespace can set them, and this program does not.
 *
 * @typedef {object} Limits
 * @property {number} maxEntries
 * @property {number} buckets Of the one hash table that all namespaces share.
 * @property {number} largeEntries What the large dump has.
 * @property {string} [tooSmall] Why it has fewer than it should.
 */

/** @returns {Promise<Limits>} */
export async function readLimits() {
  const maxEntries = await readLimit('nf_conntrack_max')
  const buckets = await readLimit('nf_conntrack_buckets')
  const room = Math.floor((maxEntries * SHARE_OF_TABLE) / 10_000) * 10_000
  // 0 is no limit.
  const largeEntries = maxEntries === 0 ? LARGE_ENTRY_COUNT : Math.min(LARGE_ENTRY_COUNT, room)
  if (largeEntries < ENTRY_COUNT) {
    throw new Error(
      `a table of ${maxEntries} entries is too small: sysctl -w net.netfilter.nf_conntrack_max=${2 ** 20}`,
    )
  }
  if (largeEntries === LARGE_ENTRY_COUNT) return { maxEntries, buckets, largeEntries }
  const tooSmall = `net.netfilter.nf_conntrack_max of this machine is ${maxEntries}, and only its first namespace can raise it; the large dump has ${largeEntries} entries instead`
  return { maxEntries, buckets, largeEntries, tooSmall }
}

/** @param {string} name */
async function readLimit(name) {
  return Number(await readFile(`/proc/sys/net/netfilter/${name}`, 'utf8'))
}

/** A table of its own, empty, for each measurement. The one before is emptied first: the kernel would do it meanwhile. */
export async function buildLab() {
  await emptyTable()
  await renewNamespaces([HOST])
}

export async function removeLab() {
  await emptyTable()
  await removeNamespaces([HOST])
}

async function emptyTable() {
  const isThere = (await output(['ip', 'netns', 'list']))
    .split('\n')
    .some((line) => line.split(' ')[0] === HOST)
  if (isThere) await runNatively('flush', 0)
}

/**
 * Puts entries into the table.
 *
 * @param {number} count
 */
export async function fillTable(count) {
  await runNatively('fill', count)
}

/**
 * @param {string} verb
 * @param {number} count
 */
async function runNatively(verb, count) {
  await output(inside(HOST, [await compileNativeProgram('conntrack-batch'), verb, String(count), '0']))
}
