import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Set in the environment of the enclosed copy of this program. */
const ENCLOSED = 'FISH_LAB_ENCLOSED'

/** True when this process already runs in network and mount namespaces of its own. */
export function isEnclosed(): boolean {
  return process.env[ENCLOSED] === '1'
}

/**
 * Runs this program again, with the same arguments, in a network and a mount namespace of its own; without root, in a user namespace
 * too, where its user is root. `/run` is a fresh tmpfs there, so that nothing the lab makes is seen outside. Everything ends with it.
 *
 * Equals `unshare --net --mount` (`unshare -Urn --mount`). Returns the exit status of the copy.
 */
export async function runEnclosed(): Promise<number> {
  const namespaces = process.getuid?.() === 0 ? ['--net', '--mount'] : ['-Urn', '--mount']
  const script = 'mount -t tmpfs tmpfs /run && exec "$0" "$@"'
  const child = spawn(
    'unshare',
    [...namespaces, '--kill-child', '--fork', 'sh', '-c', script, process.execPath, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [ENCLOSED]: '1' } },
  )
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  process.off('SIGINT', forward).off('SIGTERM', forward)
  if (code === null) throw new Error(`the enclosed lab was ended by ${signal}`)
  return code
}
