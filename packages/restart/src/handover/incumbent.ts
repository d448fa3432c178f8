import type { Belonging, OlderVersion } from './messages.js'

/** What the application hands to its next version. */
export interface HandoverState {
  version: number
  bytes: Uint8Array
  /** They stay the application's: the next version gets duplicates. */
  fds: ReadonlyMap<string, readonly number[]>
}

/** What the next version has before it starts up. */
export interface Gift {
  belongings: Belonging[]
  fds: number[]
  /** The next version has them, or they did not get there. */
  passed(): void
  /** The restart has failed. */
  cancel(): void
}

/** What goes to the next version at the moment in which it takes over. */
export interface Estate {
  /** The listening coordination socket. */
  coordination?: number | undefined
  /** The channels to generations that still finish their work, oldest last. */
  generations: (OlderVersion & { fd: number })[]
}

/** What a restart needs of the version that runs. */
export interface Incumbent {
  readonly pid: number
  readonly generation: number
  readonly coordinationPath: string | undefined
  /** The descriptor of its standard error, which the next version is to have too. */
  readonly stderrFd: number
  /** Sockets and kept descriptors, with as many descriptors as their counts say, in order. */
  belongings(): Gift
  /** Undefined when the application has no state. Once called, a restart that fails calls `undo`. */
  save: ((signal: AbortSignal) => Promise<HandoverState>) | undefined
  undo(cause: Error): void | Promise<void>
  /** New connections are left to the next version, in a way that can be taken back. */
  stopAccepting(): void
  resumeAccepting(): Promise<void>
  /** Tells the service manager that `pid` is the main process, and waits until it knows. */
  introduce(pid: number): Promise<void>
  /** Takes what only one process can have out of use here, so that it can be handed over. */
  releaseEstate(): Promise<Estate>
  /** Takes it back: the next version did not take over. */
  reclaimEstate(): Promise<void>
  /** What went wrong while things were taken back; the restart has failed for another reason. */
  report(error: Error): void
}
