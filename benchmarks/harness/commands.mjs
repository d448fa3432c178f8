import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const execute = promisify(execFile)

/** How long a program may take to end after SIGTERM. */
const STOP_MS = 10_000

/**
 * Runs a command to its end and returns what it printed. Rejects with what it complained about.
 *
 * @param {readonly string[]} command
 * @param {{ timeoutMs?: number }} [options] Default: 10 seconds, then it is killed and counts as failed.
 * @returns {Promise<string>}
 */
export async function output([program = '', ...args], { timeoutMs = 10_000 } = {}) {
  try {
    const { stdout } = await execute(program, args, {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: 1 << 24,
    })
    return stdout
  } catch (error) {
    const { stderr = '', stdout = '', killed } = /** @type {Record<string, any>} */ (error)
    const why = killed ? `no end within ${timeoutMs} ms` : (stderr || stdout || String(error)).trim()
    throw new Error(`${[program, ...args].join(' ')}: ${why}`, { cause: error })
  }
}

/**
 * A program that runs beside this one.
 *
 * @typedef {object} RunningProgram
 * @property {number} pid
 * @property {() => string} printed What it printed so far, standard output only.
 * @property {() => Promise<string>} ended Resolves with what it printed when it ends by itself; rejects unless with status 0.
 * @property {() => Promise<string>} stop Ends it by SIGTERM, after ten seconds by SIGKILL; resolves with what it printed.
 */

/**
 * Starts a program and waits until what it printed contains `ready`. Rejects if it ends before, or does not say so in time.
 *
 * @param {readonly string[]} command
 * @param {{ ready: string, timeoutMs?: number }} options Time: 15 seconds by default.
 * @returns {Promise<RunningProgram>}
 */
export async function startProgram(command, { ready, timeoutMs = 15_000 }) {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  let complaints = ''
  child.stdout.setEncoding('utf8')
  child.stderr.setEncoding('utf8')
  const exited = once(child, 'close')
  exited.catch(() => {})
  const failure = (/** @type {string} */ what) =>
    new Error(`${command.join(' ')}: ${what}\n${(complaints + printed).trim().slice(-2000)}`)

  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(failure(`not ready within ${timeoutMs} ms`))
    }, timeoutMs)
    const settle = (/** @type {Error | undefined} */ error) => {
      clearTimeout(timer)
      if (error === undefined) resolve(undefined)
      else reject(error)
    }
    const look = () => {
      if (printed.includes(ready) || complaints.includes(ready)) settle(undefined)
    }
    child.stdout.on('data', (text) => {
      printed += text
      look()
    })
    child.stderr.on('data', (text) => {
      complaints += text
      look()
    })
    child.on('error', settle)
    child.on('close', (code, signal) => settle(failure(`ended with ${signal ?? code} before it was ready`)))
  })

  return {
    pid: /** @type {number} */ (child.pid),
    printed: () => printed,
    async ended() {
      const [code, signal] = await exited
      if (code !== 0) throw failure(`ended with ${signal ?? code}`)
      return printed
    },
    async stop() {
      child.kill('SIGTERM')
      const inTime = await Promise.race([exited.then(() => true), delay(STOP_MS, false, { ref: false })])
      if (!inTime) child.kill('SIGKILL')
      await exited
      return printed
    },
  }
}
