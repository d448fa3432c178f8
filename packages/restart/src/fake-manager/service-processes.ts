import { readdirSync, readFileSync } from 'node:fs'
import { openProcessHandle, type ProcessHandle } from './process-handle.js'

/**
 * Every process that was started with this `$NOTIFY_SOCKET`: the service, its successors, and whatever they started with their own
 * environment. It stands in for the control group that a service has. Processes of other users are not seen.
 */
export function serviceProcesses(address: string): ProcessHandle[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && belongs(name, address))
  return pids.flatMap((pid) => {
    const handle = openProcessHandle(Number(pid))
    // The number may have changed hands between the look and the handle.
    if (handle !== undefined && belongs(pid, address)) return [handle]
    handle?.close()
    return []
  })
}

function belongs(pid: string, address: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(`NOTIFY_SOCKET=${address}`)
  } catch {
    return false
  }
}
