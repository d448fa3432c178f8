import { checkKnown, checkSignal } from '../errors/invalid-argument.js'
import type { FlowFilter } from '../filter/flow-filter.js'
import type { Expectation, ExpectationKey, NewExpectation } from '../flow/expectation.js'
import type { Flow } from '../flow/flow.js'
import type { FlowChange } from '../flow/flow-change.js'
import type { FlowKey } from '../flow/flow-key.js'
import type { NewFlow } from '../flow/new-flow.js'
import type { CpuStatistics, ExpectationCpuStatistics, Statistics } from '../flow/statistics.js'
import type { AddressForm } from '../flow/tuple.js'
import { type CreateOptions, type CreateResult, createFlow, createFlows } from './create.js'
import { type DeleteResult, deleteFlow, deleteFlows } from './delete.js'
import { type DumpOptions, dumpFlows, type FlowDump } from './dump.js'
import * as expectations from './expectations.js'
import { type FlushResult, flushFlows } from './flush.js'
import { getFlow } from './get.js'
import type { CallOptions, Session } from './session.js'
import { readCpuStatistics, readExpectationCpuStatistics, readStatistics } from './statistics.js'
import { updateFlow } from './update.js'

/**
 * The connection tracking table of one network namespace; made by {@link openConntrack}.
 *
 * Every call, reading included, needs CAP_NET_ADMIN in the user namespace that owns the network namespace. What the kernel
 * refuses rejects with ConntrackError; wrong arguments with TypeError or RangeError before anything is sent.
 */
export class Conntrack implements AsyncDisposable {
  readonly #session: Session

  /** @internal */
  constructor(session: Session) {
    this.#session = session
  }

  /**
   * Reads the table entry by entry, in flat memory and on a socket of its own; `break` ends it at once.
   *
   * A moving picture: what comes and goes meanwhile may be in it or not, what stays is in it once. Equals `conntrack -L`,
   * with `zeroCounters` `conntrack -L -z`. Throws `EPERM`, `ERR_NETLINK_TRUNCATED`, `ERR_NETLINK_CLOSED`, the signal's reason.
   */
  dump(filter?: FlowFilter, options?: DumpOptions & { addresses?: 'text' | undefined }): FlowDump
  dump(filter: FlowFilter | undefined, options: DumpOptions & { addresses: 'bytes' }): FlowDump<Uint8Array>
  dump(filter?: FlowFilter, options?: DumpOptions): FlowDump<AddressForm> {
    return dumpFlows(this.#session, filter, options)
  }

  /** All of {@link dump} in an array. About 1 KiB an entry. */
  async list(
    filter?: FlowFilter,
    options?: DumpOptions & { addresses?: 'text' | undefined },
  ): Promise<Flow[]> {
    const flows: Flow[] = []
    for await (const batch of this.dump(filter, options).batches()) for (const flow of batch) flows.push(flow)
    return flows
  }

  /** Reads one entry; undefined if there is none with this tuple, zone and id. Equals `conntrack -G`. */
  async get(key: FlowKey, options: CallOptions = {}): Promise<Flow | undefined> {
    return getFlow(this.#session, key, checked(options))
  }

  /**
   * Makes an entry, for a flow that has not been sent or that was tracked elsewhere. Equals `conntrack -I`.
   *
   * The namespace must track, and have nat chains for `nat`; if it does not, the kernel takes the entry and no packet meets
   * it: see `requireTracking`. Rejects with `EEXIST` (`error.collision` says which tuple is taken), `EBUSY` (status), `ENOTSUP`
   * (helper), `ENOENT` (master), `ENOMEM` (table full), `EINVAL`, `ERR_CONNTRACK_TRANSLATED_REPLY`,
   * `ERR_CONNTRACK_NOT_TRACKING`. Source: `ctnetlink_create_conntrack()`.
   */
  async create(flow: NewFlow, options: CreateOptions = {}): Promise<void> {
    return createFlow(this.#session, flow, options)
  }

  /**
   * Makes many entries as fast as the kernel takes them, and tells what became of each. Equals `conntrack -R FILE`.
   *
   * Not a transaction: it goes on after a refusal. All flows are looked at before the first is sent; a wrong one rejects
   * with its index. Costs about 200 bytes a flow while it runs.
   */
  async createMany(flows: Iterable<NewFlow>, options: CreateOptions = {}): Promise<CreateResult> {
    return createFlows(this.#session, flows, options)
  }

  /**
   * Changes an entry; what `change` does not name stays. Equals `conntrack -U`.
   *
   * One tuple is enough. With `key.id` the entry is read before, as the kernel ignores the id here. Rejects with `ENOENT`,
   * `EBUSY` (bits of status that cannot be cleared), `ENOTSUP` (helper), `ENOSPC` (labels), `EPERM` (fixed timeout), `EINVAL`.
   * Source: `ctnetlink_change_conntrack()`.
   */
  async update(key: FlowKey, change: FlowChange, options: CallOptions = {}): Promise<void> {
    return updateFlow(this.#session, key, change, checked(options))
  }

  /** Deletes one entry; false if there was none with this tuple, zone and id. Equals `conntrack -D`. */
  async delete(key: FlowKey, options: CallOptions = {}): Promise<boolean> {
    return deleteFlow(this.#session, key, checked(options))
  }

  /** Deletes many entries, and tells what became of each. As {@link createMany}. */
  async deleteMany(keys: Iterable<FlowKey>, options: CallOptions = {}): Promise<DeleteResult> {
    return deleteFlows(this.#session, keys, checked(options))
  }

  /**
   * Deletes all entries that fit, and no other. Without a filter it empties the table, as `conntrack -F` does;
   * a filter without a condition, such as `{ source: undefined }`, is refused.
   *
   * The kernel is told to do it only if it can compare everything in the filter and was found to heed it: an older one
   * would ignore what it does not know and delete too much. Else the table is read, and deleted one by one by tuple, zone
   * and id.
   */
  async flush(filter?: FlowFilter, options: CallOptions = {}): Promise<FlushResult> {
    return flushFlows(this.#session, filter, checked(options))
  }

  /** How full the table is. Equals `conntrack -C`. */
  async statistics(options: CallOptions = {}): Promise<Statistics> {
    return readStatistics(this.#session, checked(options))
  }

  /** What each CPU has counted. Equals `conntrack -S`. */
  async cpuStatistics(options: CallOptions = {}): Promise<CpuStatistics[]> {
    return readCpuStatistics(this.#session, checked(options))
  }

  /** What each CPU has counted of expectations. Equals `conntrack -S expect`. */
  async expectationCpuStatistics(options: CallOptions = {}): Promise<ExpectationCpuStatistics[]> {
    return readExpectationCpuStatistics(this.#session, checked(options))
  }

  /** All expectations, or those of one master. Equals `conntrack -L expect`. Rejects with `ENOENT` if the master is not there. */
  async dumpExpectations(options: expectations.DumpExpectationsOptions = {}): Promise<Expectation[]> {
    return expectations.dumpExpectations(this.#session, options)
  }

  /** Reads one expectation; undefined if there is none. Equals `conntrack -G expect`. */
  async getExpectation(key: ExpectationKey, options: CallOptions = {}): Promise<Expectation | undefined> {
    return expectations.getExpectation(this.#session, key, checked(options))
  }

  /**
   * Makes a flow expect another one. Equals `conntrack -I expect`.
   *
   * The master must be there and have a helper, whose limit makes the oldest expectation go. Rejects with `ENOENT`, `ENOTSUP`
   * (no helper), `EEXIST`, `EBUSY`, `EINVAL`. Source: `ctnetlink_create_expect()`.
   */
  async createExpectation(expectation: NewExpectation, options: CallOptions = {}): Promise<void> {
    return expectations.createExpectation(this.#session, expectation, checked(options))
  }

  /** Deletes one expectation; false if there was none. Equals `conntrack -D expect`. */
  async deleteExpectation(key: ExpectationKey, options: CallOptions = {}): Promise<boolean> {
    return expectations.deleteExpectation(this.#session, key, checked(options))
  }

  /** Deletes all expectations, or those of one helper. Equals `conntrack -F expect`. */
  async flushExpectations(options: expectations.FlushExpectationsOptions = {}): Promise<void> {
    return expectations.flushExpectations(this.#session, options)
  }

  /** Ends everything that is under way with `ERR_NETLINK_CLOSED`. A second call does nothing. */
  async close(): Promise<void> {
    await this.#session.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

const known = new Set(['signal'])

function checked<T extends CallOptions>(options: T): T {
  checkKnown('options', options, known)
  checkSignal(options.signal)
  return options
}
