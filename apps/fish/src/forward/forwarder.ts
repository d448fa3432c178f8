import { DESCRIPTOR, DESCRIPTOR_WORDS, type PacketBatch, VIRTIO_NET_HDR_F_NEEDS_CSUM } from '@slatfatf/tun'
import type { EgressMode } from '../egress/egress-mode.js'
import { FLOW, FLOW_WORDS, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP } from '../flow/flow-record.js'
import { nextTcpState, TCP_ACK, TCP_STATE, TCP_SYN } from '../flow/tcp-state.js'
import type { Slices } from '../lease/slices.js'
import { DROP, FIGURE, FIRST_MALFORMED } from '../observe/counters.js'
import { createPacket, PACKET_KIND, type Packet } from '../packet/packet.js'
import { parsePacket } from '../packet/parse.js'
import {
  rewriteDestination,
  rewriteInnerDestination,
  rewriteInnerSource,
  rewriteSource,
} from '../packet/rewrite.js'
import type { EgressTable } from './egress-table.js'
import { Refuser } from './refuser.js'

/** Which mode carries which protocol. */
export interface EgressModes {
  tcp: EgressMode
  udp: EgressMode
  icmp: EgressMode
}

/** What `#outbound` and `#inbound` return besides a counter to raise: the packet goes on. */
const FORWARDED = -1

/**
 * The way of a packet: parse, find or open its flow, rewrite it where it lies. A packet that cannot go on leaves the batch (length 0)
 * and raises one counter; nothing is dropped without one.
 */
export class Forwarder {
  readonly #slices: Slices
  readonly #modes: EgressModes
  readonly #table: EgressTable
  readonly #counters: Float64Array
  readonly #refuser: Refuser
  readonly #packet: Packet = createPacket()

  constructor(slices: Slices, modes: EgressModes, table: EgressTable, counters: Float64Array) {
    this.#slices = slices
    this.#modes = modes
    this.#table = table
    this.#counters = counters
    this.#refuser = new Refuser(slices, counters)
  }

  /** Turns a batch just read into the batch to write. `nowMs` is a monotonic clock. */
  process(batch: PacketBatch, nowMs: number): void {
    const { descriptors, view, count } = batch
    const packet = this.#packet
    const counters = this.#counters
    for (let index = 0; index < count; index++) {
      const at = index * DESCRIPTOR_WORDS
      const length = descriptors[at + DESCRIPTOR.length]!
      const partial = (descriptors[at + DESCRIPTOR.flags]! & VIRTIO_NET_HDR_F_NEEDS_CSUM) !== 0
      const malformed = parsePacket(packet, view, descriptors[at + DESCRIPTOR.offset]!, length, partial)
      if (malformed !== 0) {
        counters[FIRST_MALFORMED + malformed - 1]!++
        descriptors[at + DESCRIPTOR.length] = 0
        continue
      }
      const back = this.#slices.hasAddress(packet.destination)
      const outcome = back ? this.#inbound(packet, nowMs) : this.#outbound(packet, nowMs)
      if (outcome !== FORWARDED) {
        counters[outcome]!++
        if (back || !this.#refuser.answer(packet, outcome, batch, index, nowMs))
          descriptors[at + DESCRIPTOR.length] = 0
        continue
      }
      counters[back ? FIGURE.packets_in : FIGURE.packets_out]!++
      counters[back ? FIGURE.bytes_in : FIGURE.bytes_out]! += length
    }
  }

  #outbound(packet: Packet, nowMs: number): number {
    if (this.#slices.hasAddress(packet.source)) return DROP.spoofed_source
    if (!isUnicast(packet.destination)) return DROP.forbidden_destination
    switch (packet.kind) {
      case PACKET_KIND.tcp:
        return this.#outboundTcp(packet, nowMs)
      case PACKET_KIND.udp:
        return this.#outboundMapped(packet, IPPROTO_UDP, this.#modes.udp, nowMs)
      case PACKET_KIND.echoRequest:
        return this.#outboundMapped(packet, IPPROTO_ICMP, this.#modes.icmp, nowMs)
      case PACKET_KIND.icmpError:
        return this.#outboundError(packet)
      default:
        return DROP.unexpected_icmp
    }
  }

  #outboundTcp(packet: Packet, nowMs: number): number {
    const { flows } = this.#table
    let slot = flows.findOutbound(
      IPPROTO_TCP,
      packet.source,
      packet.sourcePort,
      packet.destination,
      packet.destinationPort,
    )
    if (slot < 0) {
      // Only a SYN may open a flow (RFC 6146 §3.5.2.2): a connection in its middle would leave from another port and be reset.
      if ((packet.tcpFlags & (TCP_SYN | TCP_ACK)) !== TCP_SYN) return DROP.tcp_without_flow
      slot = this.#open(packet, this.#modes.tcp, nowMs, TCP_STATE.opening)
      if (slot < 0) return this.#table.lastDrop
    }
    this.#follow(slot, packet, true, nowMs)
    this.#rewriteOut(slot, packet)
    return FORWARDED
  }

  #outboundMapped(packet: Packet, protocol: number, mode: EgressMode, nowMs: number): number {
    const { flows } = this.#table
    let slot = flows.findOutbound(protocol, packet.source, packet.sourcePort, 0, 0)
    if (slot < 0) {
      slot = this.#open(packet, mode, nowMs, 0)
      if (slot < 0) return this.#table.lastDrop
    }
    this.#table.touch(slot, nowMs)
    this.#rewriteOut(slot, packet)
    return FORWARDED
  }

  /** A client answers a packet of ours with an ICMP error. It neither refreshes nor ends the flow (RFC 5508 REQ-6). */
  #outboundError(packet: Packet): number {
    const { inner } = packet
    const tcp = inner.protocol === IPPROTO_TCP
    const slot = this.#table.flows.findOutbound(
      inner.protocol,
      inner.destination,
      inner.destinationPort,
      tcp ? inner.source : 0,
      tcp ? inner.sourcePort : 0,
    )
    if (slot < 0) return DROP.icmp_error_without_flow
    const external = this.#table.flows.read(slot, FLOW.externalAddress)
    rewriteInnerDestination(packet, external, external, this.#table.flows.read(slot, FLOW.externalPort))
    return FORWARDED
  }

  #inbound(packet: Packet, nowMs: number): number {
    switch (packet.kind) {
      case PACKET_KIND.tcp:
        return this.#inboundFlow(packet, IPPROTO_TCP, packet.source, packet.sourcePort, nowMs)
      case PACKET_KIND.udp:
        return this.#inboundFlow(packet, IPPROTO_UDP, 0, 0, nowMs)
      case PACKET_KIND.echoReply:
        return this.#inboundFlow(packet, IPPROTO_ICMP, 0, 0, nowMs)
      case PACKET_KIND.icmpError:
        return this.#inboundError(packet)
      default:
        return DROP.unexpected_icmp
    }
  }

  #inboundFlow(packet: Packet, protocol: number, remote: number, remotePort: number, nowMs: number): number {
    const { flows } = this.#table
    const slot = flows.findInbound(protocol, packet.destination, packet.destinationPort, remote, remotePort)
    if (slot < 0) return DROP.inbound_without_flow
    if (protocol === IPPROTO_TCP) this.#follow(slot, packet, false, nowMs)
    rewriteDestination(packet, flows.read(slot, FLOW.clientAddress), flows.read(slot, FLOW.clientPort))
    return FORWARDED
  }

  /** Somebody on the path, or the remote, reports an error about a packet of ours (RFC 5508 REQ-4). */
  #inboundError(packet: Packet): number {
    const { inner } = packet
    // An error goes to the sender of what it quotes; anything else was made up.
    if (inner.source !== packet.destination) return DROP.icmp_error_without_flow
    const tcp = inner.protocol === IPPROTO_TCP
    const { flows } = this.#table
    const slot = flows.findInbound(
      inner.protocol,
      inner.source,
      inner.sourcePort,
      tcp ? inner.destination : 0,
      tcp ? inner.destinationPort : 0,
    )
    if (slot < 0) return DROP.icmp_error_without_flow
    const client = flows.read(slot, FLOW.clientAddress)
    rewriteInnerSource(packet, client, client, flows.read(slot, FLOW.clientPort))
    return FORWARDED
  }

  #open(packet: Packet, mode: EgressMode, nowMs: number, state: number): number {
    return this.#table.open(
      mode,
      packet.source,
      packet.sourcePort,
      packet.destination,
      packet.destinationPort,
      nowMs,
      state,
    )
  }

  #follow(slot: number, packet: Packet, fromClient: boolean, nowMs: number): void {
    const { records } = this.#table.flows
    const at = slot * FLOW_WORDS + FLOW.state
    records[at] = nextTcpState(records[at]!, packet.tcpFlags, fromClient)
    this.#table.touch(slot, nowMs)
  }

  #rewriteOut(slot: number, packet: Packet): void {
    const { flows } = this.#table
    rewriteSource(packet, flows.read(slot, FLOW.externalAddress), flows.read(slot, FLOW.externalPort))
  }
}

/** False for what no router forwards as unicast: 0/8, 127/8, multicast, reserved and the limited broadcast (RFC 6890). */
function isUnicast(address: number): boolean {
  const first = address >>> 24
  return first !== 0 && first !== 127 && first < 224
}
