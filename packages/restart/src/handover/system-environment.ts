import { binding } from '../binding.js'
import type { Command } from './default-command.js'
import type { HandoverEnvironment } from './environment.js'
import { spawnOffspring } from './spawn-offspring.js'

/** The real thing. None of its timers holds the process open. */
export function systemEnvironment(command: () => Command): HandoverEnvironment {
  return {
    now: () => performance.now(),
    timer(delayMs, call) {
      const timer = setTimeout(call, delayMs)
      timer.unref()
      return () => clearTimeout(timer)
    },
    spawn: () => spawnOffspring(command(), process.stderr),
    signal(pid, signal) {
      try {
        process.kill(pid, signal)
      } catch {
        // It has just ended.
      }
    },
    closeFd: (fd) => binding().closeFd(fd),
  }
}
