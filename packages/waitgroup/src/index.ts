export type { WorkEvent } from './diagnostics.js'
export {
  isWaitGroupError,
  isWaitTimeoutError,
  WaitGroupError,
  type WaitGroupErrorCode,
  WaitTimeoutError,
} from './errors/wait-group-error.js'
export type { ErrorPolicy } from './failures.js'
export type { Guard } from './guard/guard.js'
export type { ChildOptions, FailedWork, WaitGroupOptions } from './options.js'
export type { WaitOptions } from './wait/bounded-wait.js'
export { WaitGroup } from './wait-group.js'
export { formatPending } from './work/format-pending.js'
export type { PendingWork } from './work/pending.js'
