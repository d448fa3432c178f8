import { setImmediate as nextTurn } from 'node:timers/promises'
import type { AttributeTable, BulkResult, PayloadWriter } from '@slatfatf/netlink'
import type { ConntrackError } from '../errors/conntrack-error.js'
import { checkSignal, invalidType } from '../errors/invalid-argument.js'
import { PayloadList } from './payload-list.js'
import type { CallOptions, Session } from './session.js'

/** How long the event loop has to wait while payloads are written, and how many are between two looks at the clock. */
const TURN_MS = 2.5
const WRITTEN_AT_ONCE = 64

/** Writes all payloads. Nothing is sent if one of them is wrong: the error says at which index. */
export async function writeAll<T>(
  name: string,
  items: Iterable<T>,
  write: (writer: PayloadWriter, item: T) => void,
  options: CallOptions,
): Promise<{ list: PayloadList; kept: T[] }> {
  if (typeof items !== 'object' || items === null || !(Symbol.iterator in items)) {
    throw invalidType(name, 'an iterable', items)
  }
  checkSignal(options.signal)
  const list = new PayloadList()
  let turnStart = performance.now()
  const kept: T[] = []
  for (const item of items) {
    try {
      write(list, item)
    } catch (error) {
      if (error instanceof Error) error.message = `${name}[${list.count}]: ${error.message}`
      throw error
    }
    list.endPayload()
    kept.push(item)
    if (kept.length % WRITTEN_AT_ONCE !== 0 || performance.now() - turnStart < TURN_MS) continue
    options.signal?.throwIfAborted()
    await nextTurn()
    turnStart = performance.now()
  }
  return { list, kept }
}

export function sendAll(
  session: Session,
  list: PayloadList,
  message: { type: number; flags?: number; operation: string; attributeNames: AttributeTable },
  { signal }: CallOptions,
): Promise<BulkResult> {
  return session.connection.bulk(list.count, (index, writer) => writer.raw(list.payload(index)), {
    ...message,
    signal,
  })
}

/** What became of each, by name; made when somebody asks, because nobody may, and there may be a million. */
export class Outcomes<Name extends string> {
  readonly #result: BulkResult
  readonly #nameOf: (outcome: number, index: number) => Name
  readonly #explain: (index: number) => ConntrackError | undefined
  #names: Name[] | undefined
  #errors: Map<number, ConntrackError> | undefined

  constructor(
    result: BulkResult,
    nameOf: (outcome: number, index: number) => Name,
    explain: (index: number) => ConntrackError | undefined,
  ) {
    this.#result = result
    this.#nameOf = nameOf
    this.#explain = explain
  }

  names(): readonly Name[] {
    this.#names ??= Array.from(this.#result.outcomes, this.#nameOf)
    return this.#names
  }

  errors(): ReadonlyMap<number, ConntrackError> {
    if (this.#errors) return this.#errors
    this.#errors = new Map()
    for (let index = 0; index < this.#result.outcomes.length; index++) {
      const error = this.#explain(index)
      if (error) this.#errors.set(index, error)
    }
    return this.#errors
  }
}
