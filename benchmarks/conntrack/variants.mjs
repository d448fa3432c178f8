import { join } from 'node:path'
import { output } from '../harness/commands.mjs'
import { compileNativeProgram } from '../harness/native-program.mjs'
import { enterStage, leaveStage } from '../harness/stage.mjs'
import { findNpmPackage, NPM_PACKAGE } from './npm-package.mjs'

/**
 * @typedef {import('../harness/variant.mjs').Variant} Variant
 * @typedef {import('../harness/stage.mjs').Side} Side
 */

const programOf = (/** @type {string} */ name) => join(import.meta.dirname, `${name}.mjs`)
const inNode = (/** @type {string} */ name, /** @type {string[]} */ ...more) => [
  process.execPath,
  '--expose-gc',
  programOf(name),
  ...more,
]
const needsTool = async () => {
  try {
    await output(['conntrack', '--version'])
    return undefined
  } catch {
    return 'there is no conntrack (Debian: conntrack)'
  }
}
const npmPackage = await findNpmPackage()

export const ours = variant({
  name: 'ours',
  title: '@slatfatf/conntrack',
  does: `createMany, deleteMany and "for await" over dump() on Node ${process.version}: flows are objects, addresses text`,
  side: async () => chooseVerb({ listen: 'package-listener' }, 'package-side'),
})

export const oursBytes = variant({
  name: 'ours-bytes',
  title: '@slatfatf/conntrack, bytes',
  does: "the same with dump({}, { addresses: 'bytes' })",
  side:
    async () =>
    ([verb, ...rest]) =>
      inNode('package-side', `${verb}-bytes`, ...rest),
})

export const c = variant({
  name: 'c',
  title: 'C (-O2)',
  does: 'raw netlink: batches of 128 messages, the last of each acknowledged; attributes of a dump are walked, events counted',
  async side() {
    const batch = await compileNativeProgram('conntrack-batch')
    const events = await compileNativeProgram('conntrack-events')
    return ([verb = '', ...rest]) => [verb === 'listen' ? events : batch, verb, ...rest]
  },
})

export const cSingle = variant({
  name: 'c-single',
  title: 'C (-O2), one by one',
  does: 'a message a datagram, each acknowledged',
  async side() {
    const batch = await compileNativeProgram('conntrack-batch')
    return ([verb, ...rest]) => [batch, `${verb}-single`, ...rest]
  },
})

export const tool = variant({
  name: 'conntrack',
  title: 'conntrack (conntrack-tools)',
  does: 'conntrack -R FILE, -D -p tcp, -L and -E; a process a pass, what it prints goes to /dev/null',
  missing: needsTool,
  side: async () => chooseVerb({ listen: 'tool-listener' }, 'tool-side'),
})

export const toolId = variant({
  name: 'conntrack-id',
  title: 'conntrack -L -o id',
  does: 'conntrack -L -o id',
  missing: needsTool,
  side:
    async () =>
    ([verb, ...rest]) =>
      inNode('tool-side', `${verb}-id`, ...rest),
})

export const npm = variant({
  name: 'npm',
  title: `npm's ${NPM_PACKAGE}`,
  does: `request() of ${NPM_PACKAGE} on Node ${process.version}, messages made before; 100 in flight, as it ends the process where acknowledgements are lost`,
  missing: async () => npmPackage.missing,
  side: async () => (words) => inNode('npm-side', npmPackage.folder, ...words),
})

/**
 * A program of its own for some verbs.
 *
 * @param {Record<string, string>} programs
 * @param {string} otherwise
 * @returns {Side}
 */
function chooseVerb(programs, otherwise) {
  return (words) => inNode(programs[words[0] ?? ''] ?? otherwise, ...words)
}

/**
 * A variant that is one program for each load.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {string} options.does
 * @param {() => Promise<string | undefined>} [options.missing]
 * @param {() => Promise<Side>} options.side
 * @returns {Variant}
 */
function variant({ name, title, does, missing, side }) {
  return {
    name,
    title,
    rules: [does],
    ...(missing && { missing }),
    async start() {
      enterStage(await side())
      return { stop: async () => leaveStage() }
    },
  }
}
