// Connection tracking: the table (openConntrack), and what its entries are made of.
export type { Addresses } from './codec/decode-tuple.js'
export { Conntrack } from './conntrack/conntrack.js'
export type { CreateOptions, CreateOutcome, CreateResult } from './conntrack/create.js'
export type { DeleteOutcome, DeleteResult } from './conntrack/delete.js'
export { type DumpOptions, FlowDump } from './conntrack/dump.js'
export type { DumpExpectationsOptions, FlushExpectationsOptions } from './conntrack/expectations.js'
export type { FlushResult } from './conntrack/flush.js'
export { type OpenConntrackOptions, openConntrack } from './conntrack/open-conntrack.js'
export type { CallOptions } from './conntrack/session.js'
export { type DoctorOptions, doctor, type Need } from './doctor/doctor.js'
export type { Finding } from './doctor/finding.js'
export { ConntrackError, type ConntrackErrorDetails, isConntrackError } from './errors/conntrack-error.js'
export type {
  ConntrackEvent,
  EventKind,
  ExpectationEvent,
  FlowEvent,
  OverrunEvent,
} from './events/conntrack-event.js'
export type { ConntrackEvents } from './events/conntrack-events.js'
export { type OpenEventsOptions, openEvents } from './events/open-events.js'
export type { FlowFilter, TupleFilter } from './filter/flow-filter.js'
export {
  EXPECTATION_FLAGS,
  type Expectation,
  type ExpectationKey,
  type ExpectationNat,
  type NewExpectation,
} from './flow/expectation.js'
export type {
  Flow,
  FlowCounter,
  FlowTimestamp,
  SequenceAdjustment,
  Synproxy,
  UnknownAttribute,
} from './flow/flow.js'
export type { FlowChange } from './flow/flow-change.js'
export type { FlowKey } from './flow/flow-key.js'
export type { NatTarget, NewFlow } from './flow/new-flow.js'
export type {
  DccpInfo,
  DccpState,
  ProtocolInfo,
  SctpInfo,
  SctpState,
  TcpFlags,
  TcpInfo,
  TcpState,
} from './flow/protocol-info.js'
export type { CpuStatistics, ExpectationCpuStatistics, Statistics } from './flow/statistics.js'
export { STATUS, type StatusName, statusBits, statusNames } from './flow/status.js'
export type { AddressForm, IcmpFields, Protocol, Tuple } from './flow/tuple.js'
export type {
  EventMode,
  FlowTable,
  FlowTableCounters,
  FlowTableListener,
} from './mirror/flow-table.js'
export { type MirrorTableOptions, mirrorTable } from './mirror/mirror-table.js'
export type { ResyncReason } from './mirror/resync.js'
export { type PrepareTcpOptions, prepareTcp } from './nat/prepare-tcp.js'
export { replyTuple } from './nat/reply-tuple.js'
export { toNewFlow } from './nat/to-new-flow.js'
