/**
 * Everything that a restart does to the outside, behind one seam: the state machine above it can be put through any
 * order of events without a process, a clock or a descriptor.
 */
export interface HandoverEnvironment {
  /** Milliseconds of a clock that never goes back. */
  now(): number
  /** Calls once, later; the result cancels. */
  timer(delayMs: number, call: () => void): () => void
  /** Starts the next version. Rejects with `ERR_RESTART_SPAWN_FAILED`. */
  spawn(): Promise<Offspring>
  /** To a process that this one did not start itself. */
  signal(pid: number, signal: NodeJS.Signals): void
  /** For descriptors that nobody asked for. */
  closeFd(fd: number): void
}

/** How a process ended: one of the two is null. */
export interface ProcessExit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** The next version of the program, as the process that started it sees it. */
export interface Offspring {
  readonly pid: number
  readonly line: Line
  readonly exited: Promise<ProcessExit>
  /** Settles when nothing more can come from its standard error. */
  readonly stderrEnded: Promise<void>
  /** The last lines that it wrote to its standard error. */
  stderrLines(): string[]
  kill(signal: NodeJS.Signals): void
  /** Its life does not hold this process open any more. */
  unref(): void
}

/** One end of the channel between two generations; `FdChannel` is the real one. */
export interface Line {
  send(message: object, fds?: readonly number[]): Promise<void>
  sendBytes(tag: string, bytes: Uint8Array): Promise<void>
  /** Undefined when the other end is gone. Rejects for what is no message. */
  receive(options?: { signal?: AbortSignal | undefined }): Promise<LineMessage | undefined>
  /** Waits hold the process open, or not. */
  ref(): void
  unref(): void
  close(): void
}

export type LineMessage = { message: object; fds: number[] } | { tag: string; bytes: Uint8Array }

/** Waits by the clock of `environment`. */
export function pause(environment: HandoverEnvironment, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    environment.timer(delayMs, resolve)
  })
}

/** Whether this is what a line answers whose other end is closed. */
export function isGone(error: unknown): boolean {
  const { code } = error as { code?: string }
  return code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_RESTART_CHANNEL_CLOSED'
}
