import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, rmSync, unlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { binding } from '../binding.js'
import { systemError } from '../errors/restart-error.js'
import { companionCodes, companionError } from './companion-error.js'

/** What keeps a process small that has nothing to compute. */
const nodeFlags = ['--max-semi-space-size=1', '--max-old-space-size=32', '--v8-pool-size=0', '--no-warnings']

export interface StartedCompanion {
  /** Rejects if the companion ends by itself before `forget` is called. */
  readonly failed: Promise<never>
  forget(): void
}

/**
 * Starts the companion of a path whose lock the caller has; both are handed to it.
 *
 * It is in a session of its own, with nothing of this process but the socket and the lock: no environment, no terminal, no
 * working directory. Connecting works from then on.
 *
 * Throws a RestartError: `ERR_RESTART_COMPANION_FAILED`, or the errno's name.
 */
export async function startCompanion(
  path: string,
  lock: number,
  orphanMs: number,
): Promise<StartedCompanion> {
  let listener: number | undefined
  try {
    removeStale(path)
    listener = binding().listenQueue(path, 0o600, 16)
    return await watch(
      spawn(process.execPath, [...nodeFlags, programPath(), path, `${orphanMs}`], {
        cwd: '/',
        detached: true,
        env: {},
        stdio: ['ignore', 'ignore', 'pipe', listener, lock],
      }),
    )
  } catch (error) {
    if (listener !== undefined) removeUnused(path)
    throw systemError(error, `start a companion at ${path}`)
  } finally {
    if (listener !== undefined) binding().closeFd(listener)
    binding().closeFd(lock)
  }
}

function removeStale(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return
  if (!stats.isSocket()) {
    throw companionError(companionCodes.foreign, `There is something at ${path} that is no socket`)
  }
  unlinkSync(path)
}

/** Both are this process's own: it has the lock. */
function removeUnused(path: string): void {
  for (const file of [path, `${path}.lock`]) rmSync(file, { force: true })
}

function programPath(): string {
  const manifest = createRequire(import.meta.url).resolve('@slatfatf/restart/package.json')
  return join(dirname(manifest), 'dist/companion-program.cjs')
}

async function watch(child: ChildProcess): Promise<StartedCompanion> {
  try {
    await once(child, 'spawn')
  } catch (cause) {
    const reason = (cause as Error).message
    throw companionError(companionCodes.failed, `The companion could not be started: ${reason}`, cause)
  }
  const stderr = child.stderr!
  let words = ''
  const collect = (text: string) => {
    words = (words + text).slice(-2_000)
  }
  stderr.setEncoding('utf8').on('data', collect)
  child.unref()
  const failed = new Promise<never>((_, reject) => {
    child.once('close', (code, signal) => {
      const end = signal === null ? `with status ${code}` : `by ${signal}`
      reject(
        companionError(companionCodes.failed, `The companion ended at its start, ${end}: ${words.trim()}`),
      )
    })
  })
  failed.catch(() => {})
  return {
    failed,
    forget() {
      child.removeAllListeners('close')
      stderr.destroy()
    },
  }
}
