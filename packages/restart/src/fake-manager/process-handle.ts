import { constants } from 'node:os'
import { READABLE } from '../channel/channel-binding.js'
import { systemError } from '../errors/restart-error.js'
import { managerBinding } from '../supervise/manager-binding.js'

/** A process, whoever its parent is; never another one that got its number later. */
export interface ProcessHandle {
  readonly pid: number
  readonly alive: boolean
  readonly ended: Promise<void>
  /** False if it has ended already. */
  kill(signal: NodeJS.Signals): boolean
  close(): void
}

/** Undefined if there is no such process any more. */
export function openProcessHandle(pid: number): ProcessHandle | undefined {
  const { openProcess, signalProcess, closeFd, DescriptorPoll } = managerBinding()
  let fd: number
  try {
    fd = openProcess(pid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw systemError(error, `watch process ${pid}`)
  }
  const poll = new DescriptorPoll(fd)
  let alive = true
  let open = true
  const close = () => {
    if (!open) return
    open = false
    poll.close()
    closeFd(fd)
  }
  const ended = new Promise<void>((resolve) => {
    poll.start(READABLE, () => {
      alive = false
      poll.stop()
      resolve()
    })
  })
  poll.unref()
  return {
    pid,
    ended,
    close,
    get alive() {
      return alive
    },
    kill(signal) {
      if (!open || !alive) return false
      try {
        signalProcess(fd, constants.signals[signal])
        return true
      } catch {
        return false
      }
    },
  }
}
