import { performance } from 'node:perf_hooks'
import { binding } from '../binding.js'

/** Everything in which the drain touches the outside, so that tests can have their own clock. */
export interface DrainEnvironment {
  /** Milliseconds that only grow. */
  now(): number
  /** Runs once after the delay; the returned function calls it off. */
  after(delayMs: number, run: () => void): () => void
  /** A second descriptor of the same socket, closed on exec. */
  duplicateFd(fd: number): number
  closeFd(fd: number): void
}

export const systemEnvironment: DrainEnvironment = {
  now: () => performance.now(),
  after(delayMs, run) {
    // Holds the process: what is drained may be held by nothing else, and every delay is within the bound.
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  duplicateFd: (fd) => binding().duplicateFd(fd),
  closeFd: (fd) => binding().closeFd(fd),
}
