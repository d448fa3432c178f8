/** The exit statuses of the command: what a script, or a unit's `ExecReload=`, can tell apart. */
export const exitStatus = {
  /** It was done. */
  ok: 0,
  /** The instance tried and says no: most often the new process failed. Who was asked serves on. */
  failed: 1,
  /** Wrong use. Nothing was asked. */
  usage: 2,
  /** The configuration is refused. Nothing was asked. */
  configInvalid: 3,
  /** Nobody is there, or nobody who takes the connection. Nothing was asked. */
  notListening: 4,
  /** This user may not. Nothing was done. */
  notPermitted: 5,
  /** Not now: a restart runs already, the instance has just begun or is ending. Nothing was done. */
  busy: 6,
  /** No answer in time. What was asked goes on; how it ends is unknown. */
  timedOut: 7,
  /** The connection ended before the answer, or the one who waited did. How it ended is unknown. */
  connectionLost: 8,
  /** What answers speaks another version of the protocol, or something else. */
  misunderstood: 9,
} as const

/** One of {@link exitStatus}. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

const byCode: Record<string, ExitStatus> = {
  ERR_INVALID_ARG_TYPE: exitStatus.usage,
  ERR_INVALID_ARG_VALUE: exitStatus.usage,
  ERR_RESTART_USAGE: exitStatus.usage,
  ERR_RESTART_CONFIG_INVALID: exitStatus.configInvalid,
  ERR_RESTART_NOT_LISTENING: exitStatus.notListening,
  ERR_RESTART_NOT_ANSWERING: exitStatus.notListening,
  ERR_RESTART_NOT_PERMITTED: exitStatus.notPermitted,
  ERR_RESTART_BUSY: exitStatus.busy,
  ERR_RESTART_NOT_READY: exitStatus.busy,
  ERR_RESTART_STOPPING: exitStatus.busy,
  ERR_RESTART_SUPERSEDED: exitStatus.busy,
  ERR_RESTART_CANCELLED: exitStatus.busy,
  ERR_RESTART_NO_ANSWER: exitStatus.timedOut,
  ERR_RESTART_CONNECTION_LOST: exitStatus.connectionLost,
  ERR_RESTART_CLOSED: exitStatus.connectionLost,
  ABORT_ERR: exitStatus.connectionLost,
  ERR_RESTART_MALFORMED: exitStatus.misunderstood,
  ERR_RESTART_VERSION: exitStatus.misunderstood,
  ERR_RESTART_UNKNOWN_REQUEST: exitStatus.misunderstood,
  ERR_RESTART_TOO_LARGE: exitStatus.misunderstood,
}

/** The status for what a request was rejected with. */
export function exitStatusOf(error: unknown): ExitStatus {
  const { code } = Object(error) as { code?: unknown }
  return (typeof code === 'string' && Object.hasOwn(byCode, code) && byCode[code]) || exitStatus.failed
}
