import type { RouteSocket } from '@slatfatf/netlink'

/** What the changes are made with. */
export interface ChangeTools {
  readonly route: RouteSocket
  /** Leave the device there when the change to it is undone; somebody still holds it. */
  readonly keepDevice: boolean
}

/**
 * How one kind of change is done. `Before` is what the journal remembers, so it must survive JSON.
 *
 * `apply` and `undo` may be called again after they were cut short at any point.
 */
export interface ChangeKind<Change, Before> {
  /** The same for two changes of the same thing. */
  identify(change: Change): string
  /** What undoing will need; read before the first `apply`. */
  readBefore(change: Change, tools: ChangeTools): Promise<Before>
  apply(change: Change, tools: ChangeTools): Promise<void>
  undo(change: Change, before: Before, tools: ChangeTools): Promise<void>
  /** Whether the host still looks as `apply` left it. */
  holds(change: Change, tools: ChangeTools): Promise<boolean>
}
