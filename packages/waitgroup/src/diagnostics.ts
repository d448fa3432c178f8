import type { Entry } from './work/entry.js'
import type { PendingWork } from './work/pending.js'

/** What the channels `@slatfatf/waitgroup:start` and `:end` publish; `:error` with the error too. */
export interface WorkEvent {
  /** The path of the group. */
  group: string | undefined
  name: string | undefined
  kind: PendingWork['kind']
  error?: unknown
}

interface Channel {
  hasSubscribers: boolean
  publish(message: unknown): void
}

interface DiagnosticsChannel {
  channel(name: string): Channel
}

interface Runtime {
  process?: {
    getBuiltinModule?(name: string): unknown
    emitWarning?(message: string, options: { type: string; code: string; detail?: string }): void
  }
}

const { process } = globalThis as Runtime

// Not imported: in a browser there is no such module, and no way to ask for one that bundlers leave alone.
const diagnosticsChannel = process?.getBuiltinModule?.('node:diagnostics_channel') as
  | DiagnosticsChannel
  | undefined

function channel(event: string): Channel | undefined {
  return diagnosticsChannel?.channel(`@slatfatf/waitgroup:${event}`)
}

export const channels = {
  start: channel('start'),
  end: channel('end'),
  error: channel('error'),
  /** Publishes the error of a wait that was not over in time. */
  timeout: channel('timeout'),
  /** Publishes a `WorkEvent` for a guard that nobody called `done()` of. */
  forgotten: channel('forgotten'),
}

export function publishWork(channel: Channel, group: string | undefined, { name, kind }: Entry): void {
  channel.publish({ group, name, kind } satisfies WorkEvent)
}

export function publishFailure(group: string | undefined, { name, kind }: Entry, error: unknown): void {
  channels.error?.publish({ group, name, kind, error } satisfies WorkEvent)
}

/** As a warning of the process where there is one, and on the console elsewhere. */
export function warn(message: string, code: string, detail: string): void {
  if (process?.emitWarning) process.emitWarning(message, { type: 'WaitGroupWarning', code, detail })
  else console.warn(`WaitGroupWarning: ${message}\n${detail}`)
}

/** A mistake of a listener is the program's, not of the work that happened to fail. */
export function throwOutside(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}
