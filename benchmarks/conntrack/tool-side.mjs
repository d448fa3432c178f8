// The command of conntrack-tools, with the arguments of native/conntrack-batch.c.
//
//   node tool-side.mjs VERB COUNT MILLISECONDS
//
// VERB is create (-R FILE), delete (-D -p tcp: it reads the table and deletes what it finds, one by one), dump (-L) or
// dump-id (-L -o id). A process for each pass; what it prints goes to /dev/null.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lineOf } from './entries.mjs'
import { requireAll, runPasses } from './passes.mjs'

const [verb = '', countText, millisecondsText] = process.argv.slice(2)
const [count, milliseconds] = [Number(countText), Number(millisecondsText)]
/** USER_HZ: 100 on every architecture Node runs on. */
const MILLISECONDS_A_TICK = 10
// Memory: /run is a tmpfs.
const folder = mkdtempSync('/run/conntrack-')

/** @type {Map<number, string>} */
const filesOf = new Map()

if (verb === 'create') {
  await runPasses({ before: writeFile, pass: create, after: checkAndFlush }, count, milliseconds, ofChildren)
} else if (verb === 'delete') {
  const before = (/** @type {number} */ length) => create(writeFile(length))
  await runPasses({ before, pass: remove, after: checkEmpty }, count, milliseconds, ofChildren)
} else if (verb === 'dump') {
  await runPasses({ pass: () => dump([]), isWhole: true }, count, milliseconds, ofChildren)
} else if (verb === 'dump-id') {
  await runPasses({ pass: () => dump(['-o', 'id']), isWhole: true }, count, milliseconds, ofChildren)
} else throw new RangeError(`there is no ${verb}`)
rmSync(folder, { recursive: true })

/**
 * Writes the file of a pass, once.
 *
 * @param {number} length
 */
function writeFile(length) {
  if (!filesOf.has(length)) {
    const file = join(folder, String(length))
    writeFileSync(file, Array.from({ length }, (_, index) => lineOf(index)).join(''))
    filesOf.set(length, file)
  }
  return length
}

/** Processor time of the processes that have ended. */
function ofChildren() {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  // The name of the program, in parentheses, may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[13]) + Number(fields[14])) * MILLISECONDS_A_TICK
}

/** @param {number} length */
function create(length) {
  conntrack(['-R', filesOf.get(length) ?? ''])
}

function remove() {
  conntrack(['-D', '-p', 'tcp'])
}

/** @param {readonly string[]} options */
function dump(options) {
  requireAll('dumped', shown(conntrack(['-L', ...options])), count)
}

/** @param {number} length */
function checkAndFlush(length) {
  requireAll('made', entries(), length)
  conntrack(['-F'])
}

function checkEmpty() {
  requireAll('left', entries(), 0)
}

function entries() {
  return Number(spawnSync('conntrack', ['-C'], { encoding: 'utf8' }).stdout)
}

/**
 * What it said of how many it has shown.
 *
 * @param {string} complaints
 */
function shown(complaints) {
  return Number(/: (\d+) flow entries/.exec(complaints)?.[1])
}

/** @param {readonly string[]} words */
function conntrack(words) {
  const { status, stderr } = spawnSync('conntrack', words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (status !== 0) throw new Error(`conntrack ${words.join(' ')} failed: ${stderr.trim().slice(-500)}`)
  return stderr
}
