import type { NetlinkConnection, NetlinkMessage, NetlinkStream } from '@slatfatf/netlink'
import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_GET_CTRZERO } from '../codec/constants.js'
import { decodeFlow } from '../codec/decode-flow.js'
import type { Addresses } from '../codec/decode-tuple.js'
import { writeKernelFilter } from '../codec/encode-filter.js'
import { ConntrackError } from '../errors/conntrack-error.js'
import { checkBoolean, checkKnown, checkSignal, invalidValue } from '../errors/invalid-argument.js'
import { refusal } from '../errors/refusal.js'
import { type CompiledFilter, compileFilter } from '../filter/compile-filter.js'
import type { FlowFilter } from '../filter/flow-filter.js'
import type { Flow } from '../flow/flow.js'
import type { AddressForm } from '../flow/tuple.js'
import { isHonoured } from './is-honoured.js'
import { type CallOptions, payloadOf, type Session } from './session.js'

export interface DumpOptions extends CallOptions {
  /** Text, or arrays of 4 or 16 bytes, for those who compute with them. @default 'text' */
  addresses?: Addresses | undefined
  /**
   * Sets the counters of what is read back to zero; after a `break` those of some entries that were not given, too. Only with
   * a filter that the kernel applies exactly: others would zero what they do not return. Where the kernel is too old to
   * compare it, the dump throws `ENOTSUP` before it begins. @default false
   */
  zeroCounters?: boolean | undefined
}

const known = new Set(['addresses', 'zeroCounters', 'signal'])

/**
 * The entries of a dump as they come. Iterate it once: one by one, or by {@link batches}.
 *
 * The request is sent when the first entry is asked for. The end, `break` and `return()` close the socket.
 */
export class FlowDump<A extends AddressForm = string>
  implements AsyncIterableIterator<Flow<A>>, AsyncDisposable
{
  readonly #session: Session
  readonly #filter: CompiledFilter
  readonly #options: DumpOptions
  #connection: NetlinkConnection | undefined
  #batches: AsyncIterableIterator<Flow<A>[]> | undefined
  #batch: readonly Flow<A>[] = []
  #at = 0
  #filling: Promise<unknown> | undefined
  #isDone = false

  /** @internal */
  constructor(session: Session, filter: CompiledFilter, options: DumpOptions) {
    this.#session = session
    this.#filter = filter
    this.#options = options
  }

  next(): Promise<IteratorResult<Flow<A>, undefined>> {
    if (this.#filling === undefined && this.#at < this.#batch.length) {
      return Promise.resolve({ done: false, value: this.#batch[this.#at++]! })
    }
    return this.#inTurn(async () => {
      if (this.#at === this.#batch.length && !(await this.#fill())) return { done: true, value: undefined }
      return { done: false, value: this.#batch[this.#at++]! }
    })
  }

  /** The same in arrays of about 130: the least work per entry. */
  batches(): AsyncIterableIterator<readonly Flow<A>[]> {
    const iterator: AsyncIterableIterator<readonly Flow<A>[]> = {
      [Symbol.asyncIterator]: () => iterator,
      next: () =>
        this.#inTurn(async () => {
          if (this.#at === this.#batch.length && !(await this.#fill()))
            return { done: true, value: undefined }
          const value = this.#at === 0 ? this.#batch : this.#batch.slice(this.#at)
          this.#at = this.#batch.length
          return { done: false, value }
        }),
      return: async () => {
        await this.return()
        return { done: true, value: undefined }
      },
    }
    return iterator
  }

  async return(): Promise<IteratorResult<Flow<A>, undefined>> {
    this.#isDone = true
    this.#batch = []
    this.#at = 0
    const connection = this.#connection
    this.#connection = undefined
    if (connection) await this.#session.release(connection)
    return { done: true, value: undefined }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Several may ask at once. */
  #inTurn<R>(take: () => Promise<R>): Promise<R> {
    const mine = this.#filling === undefined ? take() : this.#filling.then(take, take)
    const done = mine.then(
      () => {},
      () => {},
    )
    this.#filling = done
    void done.then(() => {
      if (this.#filling === done) this.#filling = undefined
    })
    return mine
  }

  async #fill(): Promise<boolean> {
    if (this.#isDone) return false
    try {
      const { done, value } = await (this.#batches ? this.#batches.next() : this.#start())
      if (done || this.#isDone) {
        await this.return()
        return false
      }
      this.#batch = value
      this.#at = 0
      return true
    } catch (error) {
      const isUnwanted = this.#isDone
      await this.return()
      if (isUnwanted) return false
      throw refusal(error, { operation: 'dump' })
    }
  }

  async #start(): Promise<IteratorResult<Flow<A>[], undefined>> {
    this.#options.signal?.throwIfAborted()
    const { kernel } = this.#filter
    const isPlain = Object.keys(kernel).length === 0
    if (this.#options.zeroCounters && !isPlain) {
      if (!(await isHonoured(this.#session, 'dump', kernel, this.#options))) throw cannotZero()
    }
    this.#connection = await this.#session.open()
    try {
      this.#batches = this.#stream(kernel).batches()
      return await this.#batches.next()
    } catch (error) {
      const { code } = error as { code?: string }
      // A kernel that cannot compare something says so before the first entry; what it returns is compared here anyway.
      if (isPlain || this.#options.zeroCounters || (code !== 'EINVAL' && code !== 'ENOTSUP')) throw error
      this.#batches = this.#stream({}).batches()
      return await this.#batches.next()
    }
  }

  #stream(kernel: CompiledFilter['kernel']): NetlinkStream<Flow<A>> {
    const { addresses = 'text', zeroCounters = false, signal } = this.#options
    const { matches, isEmpty } = this.#filter
    const decode = (message: NetlinkMessage) =>
      decodeFlow(message.payload, addresses) as Flow<AddressForm> as Flow<A>
    const select = (message: NetlinkMessage) => {
      const flow = decode(message)
      return matches(flow) ? flow : undefined
    }
    return this.#connection!.stream<Flow<A>>(
      {
        type: zeroCounters ? IPCTNL_MSG_CT_GET_CTRZERO : IPCTNL_MSG_CT_GET,
        payload: payloadOf((writer) => writeKernelFilter(writer, kernel)),
        operation: 'dump',
        attributeNames: FLOW_ATTRIBUTES,
      },
      isEmpty ? decode : select,
      signal ? { signal } : {},
    )
  }
}

function cannotZero(): ConntrackError {
  return new ConntrackError(
    'dump: this kernel would set the counters of entries outside of the filter to zero',
    {
      code: 'ENOTSUP',
      operation: 'dump',
      hint: 'Leave the filter out, or compare counters with those of an earlier dump; the doctor says what the kernel can compare',
    },
  )
}

export function dumpFlows<A extends AddressForm>(
  session: Session,
  filter: FlowFilter | undefined,
  options: DumpOptions = {},
): FlowDump<A> {
  checkKnown('options', options, known)
  checkSignal(options.signal)
  checkBoolean('zeroCounters', options.zeroCounters)
  const { addresses = 'text' } = options
  if (addresses !== 'text' && addresses !== 'bytes')
    throw invalidValue('addresses', 'text or bytes', addresses)
  const compiled = compileFilter(filter)
  if (options.zeroCounters && !compiled.isExact) {
    throw invalidValue('filter', 'one that the kernel applies exactly, with zeroCounters', filter)
  }
  return new FlowDump(session, compiled, options)
}
