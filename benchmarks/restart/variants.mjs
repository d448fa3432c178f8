import { readFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { output, startProgram } from '../harness/commands.mjs'
import { buildTableflip, findPm2, tableflipMissing } from './opponents.mjs'

/**
 * One way to bring in a new version while clients talk.
 *
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} title
 * @property {() => Promise<string | undefined>} [missing] Why it cannot run on this machine; undefined: it can.
 * @property {() => Promise<Running>} start Resolves when the first version listens.
 *
 * @typedef {object} Running
 * @property {number} port
 * @property {() => Promise<void>} restart Resolves when the way itself says that the new version serves.
 * @property {() => Promise<void>} stop Ends every process of it.
 */

const servers = join(import.meta.dirname, 'servers')
const READY_MS = 10_000
let lastPort = 18_000

/** A port of its own for each measurement: nobody meets the TIME-WAIT of another. */
const nextPort = () => ++lastPort

const command = join(import.meta.dirname, '../../packages/restart/bin/restart.js')

/** @param {boolean} handOver @returns {Promise<Running>} */
async function startOurs(handOver) {
  const port = nextPort()
  const folder = await mkdtemp(join(tmpdir(), 'bench-restart-'))
  const socket = join(folder, 'restart.sock')
  const settings = [`PORT=${port}`, `SOCKET=${socket}`, `HAND_OVER=${handOver ? 1 : 0}`]
  const generations = await startGenerations(settings, [
    process.execPath,
    join(servers, 'restart-server.mjs'),
  ])
  const restart = async () => {
    await output([process.execPath, command, '--socket', socket], { timeoutMs: READY_MS })
  }
  return { port, restart, stop: generations.stop }
}

/**
 * Versions that start one another at SIGUSR2. Each prints `listening PID` to the standard output that all share.
 *
 * @param {readonly string[]} settings
 * @param {readonly string[]} program
 */
async function startGenerations(settings, program) {
  const first = await startProgram(['env', ...settings, ...program], { ready: 'listening' })
  const pids = () => [...first.printed().matchAll(/listening (\d+)/g)].map(([, pid]) => Number(pid))
  return {
    async next() {
      const before = pids()
      process.kill(/** @type {number} */ (before.at(-1)), 'SIGUSR2')
      await until('the next version listens', () => pids().length > before.length)
    },
    async stop() {
      for (const pid of pids().reverse()) kill(pid)
      await until('every version is gone', () => !pids().some(isAlive))
      await first.stop()
    },
  }
}

/** @param {readonly string[]} program @returns {() => Promise<Running>} */
const startInheriting = (program) => async () => {
  const port = nextPort()
  const generations = await startGenerations([`PORT=${port}`], program)
  return { port, restart: generations.next, stop: generations.stop }
}

/** @returns {Promise<Running>} */
async function startAndStop() {
  const port = nextPort()
  const start = () =>
    startProgram(['env', `PORT=${port}`, process.execPath, join(servers, 'plain-server.mjs')], {
      ready: 'listening',
    })
  let running = await start()
  return {
    port,
    async restart() {
      // What a supervisor does that gives a service two seconds to end.
      const grace = setTimeout(() => kill(running.pid), 2_000)
      await running.stop()
      clearTimeout(grace)
      running = await start()
    },
    async stop() {
      kill(running.pid)
      await running.stop()
    },
  }
}

/** @returns {Promise<Running>} */
async function startCluster() {
  const port = nextPort()
  const program = await startProgram(
    ['env', `PORT=${port}`, process.execPath, join(servers, 'cluster-server.mjs')],
    { ready: 'listening' },
  )
  const reloads = () => program.printed().split('reloaded').length
  return {
    port,
    async restart() {
      const before = reloads()
      process.kill(program.pid, 'SIGUSR2')
      await until('the next worker listens', () => reloads() > before)
    },
    stop: async () => void (await program.stop()),
  }
}

/** @returns {Promise<Running>} */
async function startPm2() {
  const port = nextPort()
  const home = await mkdtemp(join(tmpdir(), 'bench-pm2-'))
  const { program } = await findPm2()
  const pm2 = (/** @type {string[]} */ ...args) =>
    output(['env', `PORT=${port}`, `PM2_HOME=${home}`, process.execPath, program, ...args], {
      timeoutMs: 30_000,
    })
  await pm2('start', join(servers, 'plain-server.mjs'), '--name', 'hammered', '-i', '1', '--wait-ready')
  return {
    port,
    restart: async () => void (await pm2('reload', 'hammered')),
    stop: async () => void (await pm2('kill')),
  }
}

/** @type {readonly Variant[]} */
export const VARIANTS = [
  {
    name: 'handover',
    title: '@slatfatf/restart, idle connections handed over',
    start: () => startOurs(true),
  },
  { name: 'drain', title: '@slatfatf/restart, drain only', start: () => startOurs(false) },
  {
    name: 'inherit-close',
    title: 'listener inherited, server.close()',
    start: startInheriting([process.execPath, join(servers, 'inherit-server.mjs')]),
  },
  {
    name: 'tableflip',
    title: 'tableflip (Go, net/http)',
    missing: tableflipMissing,
    start: async () => startInheriting([await buildTableflip()])(),
  },
  { name: 'cluster', title: 'node:cluster, new worker, disconnect', start: startCluster },
  {
    name: 'pm2',
    title: 'pm2 reload, cluster mode, --wait-ready',
    missing: async () => (await findPm2()).missing,
    start: startPm2,
  },
  { name: 'stop-start', title: 'stopped, then started', start: startAndStop },
]

/** @param {number} pid */
function kill(pid) {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
}

/** False for a zombie too: whoever started it has not asked after it yet. @param {number} pid */
function isAlive(pid) {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** @param {string} what @param {() => boolean} condition */
async function until(what, condition) {
  const deadline = performance.now() + READY_MS
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${READY_MS} ms: ${what}`)
    await delay(5)
  }
}
