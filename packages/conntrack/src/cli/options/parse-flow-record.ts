import type { Flow } from '../../flow/flow.js'
import type { NewFlow } from '../../flow/new-flow.js'
import { toNewFlow } from '../../nat/to-new-flow.js'
import { UsageError } from '../usage-error.js'

/** Reads a line that `list --json` printed, as the entry to be made. Throws UsageError. */
export function parseFlowRecord(line: string): NewFlow<string> {
  let record: Flow
  try {
    record = JSON.parse(line, (key, value) => {
      if (typeof value !== 'string') return value
      if (key === 'labels' || key === 'info') return new Uint8Array(Buffer.from(value, 'hex'))
      return key === 'handshakeSequence' ? BigInt(value) : value
    })
  } catch (error) {
    throw new UsageError(`it is not JSON: ${(error as Error).message}`)
  }
  if (!isTuple(record?.original) || !isTuple(record.reply)) {
    throw new UsageError("it is no entry as 'list --json' prints them")
  }
  return toNewFlow(record)
}

function isTuple(value: unknown): boolean {
  const { source, destination } = (value ?? {}) as Record<string, unknown>
  return typeof source === 'string' && typeof destination === 'string'
}
