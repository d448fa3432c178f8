/** What was there before this process. */
export interface Before {
  /**
   * - `nothing`: a cold start.
   * - `predecessor`: the version that started this one, and serves until `ready()`.
   * - `crash`: an instance died, and its descriptors were kept by the service manager or a companion.
   * - `socket-activation`: the service manager opened the sockets.
   */
  readonly kind: 'nothing' | 'predecessor' | 'crash' | 'socket-activation'
  /** The process of the predecessor. */
  readonly pid?: number | undefined
  /** What the predecessor saved. The descriptors are yours to close. */
  readonly state?:
    | {
        readonly version: number
        readonly bytes: Uint8Array
        readonly fds: ReadonlyMap<string, readonly number[]>
      }
    | undefined
  /**
   * What was kept, by name. They are open until `ready()`; go on keeping them with `keep(name)`, or make them yours with
   * `take(name)`.
   */
  readonly fds: ReadonlyMap<string, readonly number[]>
  /** Resolves when the predecessor's process is gone; at once when there is none. Stays pending once this one is superseded. */
  readonly exited: Promise<void>
}
