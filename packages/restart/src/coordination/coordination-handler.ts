import type { InstanceStatus } from './instance-status.js'
import type { ProgressDetails, RestartResult, Stage } from './protocol.js'

/**
 * What the coordination socket can make an instance do.
 *
 * What these reject with reaches the asker: `message`, `code`, and where they are there `stage`, `hint`, `exit` and
 * `stderr`.
 */
export interface CoordinationHandler {
  /** Who answers. Called for each connection. */
  identity(): { pid: number; generation: number }
  /** Called once at a time: those who ask meanwhile share it. */
  restart(progress: (stage: Stage, details?: ProgressDetails) => void): Promise<RestartResult>
  status(): InstanceStatus | Promise<InstanceStatus>
  /** Resolves to a report, as plain JSON, before the process exits. */
  stop(options: { drainTimeoutMs?: number | undefined }): Promise<object>
  /** Resolves to the process that serves now. */
  rollback(): Promise<RestartResult>
}
