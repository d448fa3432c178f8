import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'

/** Set in the environment of the enclosed copy of this program. */
const ENCLOSED = 'SLATFATF_BENCH_ENCLOSED'

/** True when this process already runs in namespaces of its own. */
export function isEnclosed() {
  return process.env[ENCLOSED] === '1'
}

/**
 * Runs this program again, with the same arguments, in a network, a mount and a PID namespace of its own; without root,
 * in a user namespace too, where its user is root. `/run` is a fresh tmpfs there. Whatever the copy makes ends with it,
 * also when it is killed: its first process takes all others along, and with the last one go network and files.
 *
 * Equals `unshare --net --mount --pid --fork` (and `-Ur` without root). Returns the exit status of the copy.
 *
 * @returns {Promise<number>}
 */
export async function runEnclosed() {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const namespaces = [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const script = 'mount -t tmpfs tmpfs /run && exec "$0" "$@"'
  const child = spawn(
    'unshare',
    [...namespaces, 'sh', '-c', script, process.execPath, ...process.argv.slice(1)],
    // A session of its own, so that Ctrl-C reaches only this process and the copy does not report its dying children.
    { stdio: 'inherit', detached: true, env: { ...process.env, [ENCLOSED]: '1' } },
  )
  /** @type {NodeJS.Signals | undefined} */
  let interruptedBy
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    interruptedBy = signal
    child.kill('SIGKILL')
  }
  process.on('SIGINT', end).on('SIGTERM', end).on('SIGHUP', end)
  const [code] = await once(child, 'exit')
  process.off('SIGINT', end).off('SIGTERM', end).off('SIGHUP', end)
  if (interruptedBy !== undefined) return 128 + constants.signals[interruptedBy]
  return code ?? 1
}
