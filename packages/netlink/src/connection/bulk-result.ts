import { ENOBUFS } from '../constants.js'
import { errnoError, type KernelRefusal, type NetlinkError } from '../errors/netlink-error.js'

/** The kernel did it. */
export const BULK_OK = 0
/** The kernel refused with `EEXIST`. */
export const BULK_EXISTS = 1
/** The kernel refused with another error. */
export const BULK_ERROR = 2
/** Nobody knows: the answer was lost. Read it back. */
export const BULK_UNKNOWN = 3

export type BulkOutcome = 'ok' | 'exists' | 'error' | 'unknown'

const names: readonly BulkOutcome[] = ['ok', 'exists', 'error', 'unknown']

/** What became of each message of a {@link NetlinkConnection.bulk}. */
export class BulkResult {
  /** One place per message: {@link BULK_OK}, {@link BULK_EXISTS}, {@link BULK_ERROR} or {@link BULK_UNKNOWN}. */
  readonly outcomes: Uint8Array
  readonly #errnos: Int16Array
  readonly #refusals: ReadonlyMap<number, KernelRefusal>
  readonly #operation: (index: number) => string
  readonly #loss: NetlinkError | undefined
  #counts: number[] | undefined
  #errors: Map<number, NetlinkError> | undefined

  /** @internal */
  constructor(
    outcomes: Uint8Array,
    errnos: Int16Array,
    refusals: ReadonlyMap<number, KernelRefusal>,
    operation: (index: number) => string,
    loss: NetlinkError | undefined,
  ) {
    this.outcomes = outcomes
    this.#errnos = errnos
    this.#refusals = refusals
    this.#operation = operation
    this.#loss = loss
  }

  /** How many the kernel did. */
  get ok(): number {
    return this.#count(BULK_OK)
  }

  /** How many were there before. */
  get exists(): number {
    return this.#count(BULK_EXISTS)
  }

  /** How many were refused otherwise. */
  get error(): number {
    return this.#count(BULK_ERROR)
  }

  /** How many have to be read back. */
  get unknown(): number {
    return this.#count(BULK_UNKNOWN)
  }

  outcomeAt(index: number): BulkOutcome {
    const name = names[this.outcomes[index] ?? -1]
    if (name === undefined) throw new RangeError(`there is no message ${index}`)
    return name
  }

  /** The kernel's error number, negative as in {@link NetlinkError}; 0 for ok and unknown. */
  errnoAt(index: number): number {
    return this.#errnos[index] ?? 0
  }

  /** The error of one message, made when it is asked for; `ENOBUFS` stands for unknown, undefined for ok. */
  errorAt(index: number): NetlinkError | undefined {
    const outcome = this.outcomes[index]
    if (outcome === undefined || outcome === BULK_OK) return undefined
    const operation = this.#operation(index)
    if (outcome === BULK_UNKNOWN) return errnoError(ENOBUFS, operation, { cause: this.#loss })
    return errnoError(this.errnoAt(index), operation, this.#refusals.get(index))
  }

  /** The errors of all messages that have one, by index; made at the first use. */
  get errors(): ReadonlyMap<number, NetlinkError> {
    if (this.#errors) return this.#errors
    const errors = new Map<number, NetlinkError>()
    for (let index = 0; index < this.outcomes.length; index++) {
      const error = this.errorAt(index)
      if (error) errors.set(index, error)
    }
    this.#errors = errors
    return errors
  }

  #count(outcome: number): number {
    if (!this.#counts) {
      const counts = [0, 0, 0, 0]
      for (const each of this.outcomes) counts[each]!++
      this.#counts = counts
    }
    return this.#counts[outcome]!
  }
}
