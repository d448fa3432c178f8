import type { Flow } from '../flow/flow.js'
import type { ProtocolInfo } from '../flow/protocol-info.js'

/**
 * An entry as it is after an event: what the event carries, and what it does not from before. The kernel leaves out what has
 * not changed, and a mark of 0.
 */
export function mergeFlow(before: Flow, event: Flow): Flow {
  const merged = { ...before }
  for (const name of Object.keys(event) as (keyof Flow)[]) {
    if (event[name] !== undefined) Object.assign(merged, { [name]: event[name] })
  }
  if (event.mark === undefined && before.mark !== undefined) merged.mark = 0
  merged.protocolInfo = mergeProtocolInfo(before.protocolInfo, event.protocolInfo)
  if (merged.protocolInfo === undefined) delete merged.protocolInfo
  return merged
}

/** Of an end the kernel tells no more than TCP's state. */
function mergeProtocolInfo(
  before: ProtocolInfo | undefined,
  event: ProtocolInfo | undefined,
): ProtocolInfo | undefined {
  if (!before?.tcp || !event?.tcp) return event ?? before
  return event.tcp.flagsOriginal === undefined ? { tcp: { ...before.tcp, state: event.tcp.state } } : event
}

/** Whether two states of one entry differ in more than what runs by itself: timeout, counters, references, times. */
export function hasChanged(before: Flow, after: Flow): boolean {
  return (
    before.status !== after.status ||
    (before.mark ?? 0) !== (after.mark ?? 0) ||
    differs(before.protocolInfo, after.protocolInfo) ||
    differs(before.labels, after.labels) ||
    differs(before.helper, after.helper) ||
    differs(before.reply, after.reply) ||
    differs(before.sequenceAdjustment, after.sequenceAdjustment) ||
    differs(before.synproxy, after.synproxy) ||
    differs(before.master, after.master) ||
    before.securityContext !== after.securityContext
  )
}

/** By content; `undefined` and absent are the same. */
function differs(a: unknown, b: unknown): boolean {
  if (a === b) return false
  if (typeof a !== 'object' || typeof b !== 'object' || !a || !b) return true
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  for (const name in left) if (differs(left[name], right[name])) return true
  for (const name in right) if (left[name] === undefined && right[name] !== undefined) return true
  return false
}
