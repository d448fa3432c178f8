import type { Expectation } from '../flow/expectation.js'
import type { Flow } from '../flow/flow.js'
import type { AddressForm } from '../flow/tuple.js'

/** What can be told. Each kind is a multicast group of its own: what is not asked for is not sent. */
export type EventKind = 'new' | 'update' | 'destroy' | 'expectation-new' | 'expectation-destroy'

/** An entry was made, changed or came to its end. */
export interface FlowEvent<A extends AddressForm = string> {
  type: 'new' | 'update' | 'destroy'
  /**
   * What the kernel says of it: tuples, zone, id and status always; of an update, timeout, protocolInfo and what has changed;
   * of an end, counters and times if they are kept, and since Linux 5.11 timeout and the last state of TCP.
   * A mark of 0 may be absent.
   */
  flow: Flow<A>
  /** Of an event from another namespace, its id here (`ip netns list-id`). See `allNamespaces`. */
  namespaceId?: number | undefined
}

/** A flow is expected, or no more: it has come, or the time is over. */
export interface ExpectationEvent<A extends AddressForm = string> {
  type: 'expectation-new' | 'expectation-destroy'
  expectation: Expectation<A>
  namespaceId?: number | undefined
}

/** Events are missing: all that came before them has been given, all that comes from here on is later. */
export interface OverrunEvent {
  type: 'overrun'
  /** Whether this process did not read in time (the socket's buffer), or read and did not ask for them (the queue). */
  where: 'socket' | 'queue'
  /** Room in the socket from now on, as the kernel counts: about 1,280 bytes an event. */
  receiveBufferBytes: number
}

export type ConntrackEvent<A extends AddressForm = string> = FlowEvent<A> | ExpectationEvent<A> | OverrunEvent
