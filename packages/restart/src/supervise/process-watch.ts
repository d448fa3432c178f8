import { binding } from '../binding.js'
import { READABLE } from '../channel/channel-binding.js'
import { managerBinding } from './manager-binding.js'

/** Calls back once when a process has ended, whoever its parent is. Undefined: it has ended already. Requires Linux 5.3. */
export function watchProcess(pid: number, onEnded: () => void): (() => void) | undefined {
  const { openProcess, DescriptorPoll } = managerBinding()
  let fd: number
  try {
    fd = openProcess(pid)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return undefined
    throw error
  }
  const poll = new DescriptorPoll(fd, true)
  let open = true
  const close = () => {
    if (!open) return
    open = false
    poll.close()
    binding().closeFd(fd)
  }
  poll.start(READABLE, () => {
    close()
    onEnded()
  })
  return close
}
