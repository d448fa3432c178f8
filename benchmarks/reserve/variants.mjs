import { join } from 'node:path'
import { output } from '../harness/commands.mjs'
import { compileNativeProgram } from '../harness/native-program.mjs'
import { enterStage, leaveStage } from '../harness/stage.mjs'

/** @typedef {import('../harness/variant.mjs').Variant} Variant */

const PACKAGE_LOOP = join(import.meta.dirname, 'package-loop.mjs')
const PYTHON_LOOP = join(import.meta.dirname, 'python_loop.py')

/** @param {readonly string[]} words */
const cLoop = async (words) => [await compileNativeProgram('reserve-loop'), ...words]

export const c = variant({
  name: 'c',
  title: 'C (-O2)',
  does: 'the system calls of the package, one reservation after another, addresses parsed once',
  prepare: async () => {
    const program = await cLoop([])
    return (words) => [...program, ...words]
  },
})

export const cThreads = variant({
  name: 'c-threads',
  title: 'C (-O2), with a second thread',
  does: 'as C, in a process that has a second thread, which sleeps: then descriptors cost what they cost in Node',
  prepare: async () => {
    const program = await cLoop(['-t'])
    return (words) => [...program, ...words]
  },
})

export const cExplicit = variant({
  name: 'c-explicit',
  title: 'C (-O2), explicit bind',
  does: 'tuples by bind to the port with SO_REUSEADDR, instead of a range of one port',
  prepare: async () => {
    const program = await cLoop([])
    return ([, ...words]) => [...program, 'explicit', ...words]
  },
})

/**
 * @param {string} name
 * @param {string} face
 * @param {string} title
 * @param {string} does
 */
const ours = (name, face, title, does) =>
  variant({
    name,
    title,
    does,
    prepare: async () => (words) => [process.execPath, '--expose-gc', PACKAGE_LOOP, face, ...words],
  })

export const functions = ours(
  'ours',
  'functions',
  '@slatfatf/tfo-socket',
  `reserveTuple, reservePort, reserveEchoId and release() on Node ${process.version}`,
)

export const slice = ours(
  'ours-slice',
  'slice',
  '@slatfatf/tfo-socket, createSlice()',
  `slice.reserveTuple(), slice.reservePort() and release() on Node ${process.version}; a slice remembers for a moment that it is full`,
)

export const python = variant({
  name: 'python',
  title: "Python's socket",
  does: 'the same system calls by the socket module of CPython; a filter by ctypes',
  async missing() {
    try {
      await findPython()
      return undefined
    } catch {
      return 'python3 does not run here'
    }
  },
  prepare: async () => {
    const interpreter = await findPython()
    return (words) => [interpreter, PYTHON_LOOP, ...words]
  },
})

/** The interpreter itself: what is called python3 may be a script that looks for it each time. */
async function findPython() {
  return (await output(['python3', '-c', 'import select, sys; select.epoll; print(sys.executable)'])).trim()
}

/**
 * A variant that is one program for each scenario.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {string} options.does
 * @param {() => Promise<string | undefined>} [options.missing]
 * @param {() => Promise<import('../harness/stage.mjs').Side>} options.prepare
 * @returns {Variant}
 */
function variant({ name, title, does, missing, prepare }) {
  return {
    name,
    title,
    rules: [does],
    ...(missing && { missing }),
    async start() {
      enterStage(await prepare())
      return { stop: async () => leaveStage() }
    },
  }
}
