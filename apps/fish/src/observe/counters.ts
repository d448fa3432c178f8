import { MALFORMED } from '../packet/malformed.js'

/** Packets that fish could read but not forward, each with the reason. */
const REFUSED = [
  'tcp_without_flow',
  'inbound_without_flow',
  'icmp_error_without_flow',
  'unexpected_icmp',
  'spoofed_source',
  'forbidden_destination',
  'slices_full',
  'client_has_too_many_flows',
  'client_opens_too_fast',
  'flow_table_full',
  'kernel_refused',
  'write_error',
] as const

/** Why the kernel took a placeholder away, and with it a flow: a packet that should have been steered past it, or an operator. */
const LOSS_REASONS = ['icmp_error', 'tcp_packet', 'destroyed', 'unexplained'] as const

const DROP_REASONS = [...Object.keys(MALFORMED), ...REFUSED] as readonly string[]

const FLOW_FIGURES = ['flows_opened', 'flows_expired', 'flows_tcp', 'flows_udp', 'flows_icmp'] as const
const PACKET_FIGURES = [
  'packets_out',
  'bytes_out',
  'packets_in',
  'bytes_in',
  'icmp_errors_sent',
  'icmp_errors_suppressed',
] as const

type Refused = (typeof REFUSED)[number]
type Loss = (typeof LOSS_REASONS)[number]
type Figure = (typeof FLOW_FIGURES)[number] | (typeof PACKET_FIGURES)[number]

const NAMES: readonly string[] = [...PACKET_FIGURES, ...FLOW_FIGURES, ...LOSS_REASONS, ...DROP_REASONS]

function indexesOf<Name extends string>(names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map((name) => [name, NAMES.indexOf(name)])) as Record<Name, number>
}

/** Index of each figure in the counter memory. Figures named `flows_tcp`, `flows_udp` and `flows_icmp` are gauges. */
export const FIGURE: Record<Figure, number> = indexesOf([...PACKET_FIGURES, ...FLOW_FIGURES])

/** Index of each reason why a readable packet was not forwarded. */
export const DROP: Record<Refused, number> = indexesOf(REFUSED)

/** Index of each reason why a placeholder was lost. */
export const LOSS: Record<Loss, number> = indexesOf(LOSS_REASONS)

/** Counter of a malformed packet is this plus the number that `parsePacket` returned, minus one. */
export const FIRST_MALFORMED = NAMES.indexOf(DROP_REASONS[0]!)

/** Counter memory that two threads can see. Doubles are exact up to 2^53 and an aligned one is never seen half written. */
export function createCounterMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(NAMES.length * Float64Array.BYTES_PER_ELEMENT)
}

/** All figures by name, the drops and the lost placeholders by reason. */
export interface CounterSnapshot {
  figures: Record<Figure, number>
  drops: Record<string, number>
  losses: Record<string, number>
}

/** Reads the counter memory; the loop goes on meanwhile. */
export function readCounters(memory: SharedArrayBuffer): CounterSnapshot {
  const values = new Float64Array(memory)
  const pick = (names: readonly string[]) =>
    Object.fromEntries(names.map((name) => [name, values[NAMES.indexOf(name)]!]))
  return {
    figures: pick([...PACKET_FIGURES, ...FLOW_FIGURES]) as Record<Figure, number>,
    drops: pick(DROP_REASONS),
    losses: pick(LOSS_REASONS),
  }
}
