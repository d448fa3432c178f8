import {
  type OffloadMode,
  type OffloadSettings,
  offloadPlan,
  validateOffload,
} from '../device/offload-request.js'
import { requireInteger } from '../errors/invalid-argument.js'
import { MAX_PACKET_BYTES } from '../kernel-abi.js'
import { OFFLOAD_OFF, type OffloadState } from '../queue/offload-switch.js'
import { createCounters } from '../queue/tun-counter.js'
import { TunQueue } from '../queue/tun-queue.js'
import { MemoryDriver } from './memory-driver.js'
import { MemoryTun } from './memory-tun.js'
import { PacketRing } from './packet-ring.js'

type Offload = OffloadMode | OffloadSettings

/** Options of {@link createMemoryTun}. */
export interface MemoryTunOptions {
  /** Largest packet that is no super-packet, 68 to 65535. Default 1500. */
  mtu?: number
  /** Packets that wait in each direction, as `txqueuelen`: 1 to 65536. Default 500. */
  queuePackets?: number
  /** As of `openTun`, for both sides or for each. Default `off`. */
  offload?: Offload | readonly [Offload, Offload]
}

/** The least an interface of the kernel has (ETH_MIN_MTU). */
const MIN_MTU = 68
/** Room for 63 super-packets of maximum size. */
const SUPER_PACKETS_BYTES = 1 << 22

/**
 * Two queues without a kernel between them: what is written into one is read from the other, for tests of what stands on a TunQueue. Needs
 * no privileges, no addon and no Linux.
 *
 * Packets keep their boundaries and their order. A full queue stops `writeBatch` as a full device does, readiness is told in later
 * turns of the event loop, and the counters count what the addon's count. A side with offload hands over its super-packets
 * whole to a side that has it too, and cut to one that has not.
 *
 * Where the kernel is asked about a packet, the answers are: `EMSGSIZE` for an ordinary one larger than the MTU, `EINVAL` for virtio
 * words that do not fit it, `EIO` when the other side is closed; and those of the addon, see `packetError`. A super-packet
 * that cannot be cut counts as `dropMalformedIn` on the side that would have read it. Nothing else happens to
 * a packet: no routing, no checksum is verified.
 *
 * Room for `queuePackets` packets of the MTU each way, and where super-packets may come for 63 of the largest, is allocated here. A
 * queue whose room is used up is full before it has all its packets.
 *
 * @throws TypeError, RangeError `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function createMemoryTun(options: MemoryTunOptions = {}): [MemoryTun, MemoryTun] {
  const { mtu = 1500, queuePackets = 500, offload = 'off' } = options
  requireInteger('mtu', mtu, MIN_MTU, MAX_PACKET_BYTES)
  requireInteger('queuePackets', queuePackets, 1, 1 << 16)
  const requests = isPair(offload) ? offload : ([offload, offload] as const)
  const states = [stateOf(requests[0]), stateOf(requests[1])] as const
  const rings = [createRing(states[0], mtu, queuePackets), createRing(states[1], mtu, queuePackets)] as const
  const counters = [createCounters(), createCounters()] as const
  const driverOf = (side: 0 | 1) =>
    new MemoryDriver({
      name: `memory${side}`,
      mtu,
      offload: states[side],
      counters: counters[side],
      inbound: rings[1 - side]!,
      outbound: rings[side],
    })
  const drivers = [driverOf(0), driverOf(1)] as const
  MemoryDriver.connect(drivers[0], drivers[1])
  return [
    new MemoryTun(new TunQueue(drivers[0], counters[0], states[0])),
    new MemoryTun(new TunQueue(drivers[1], counters[1], states[1])),
  ]
}

function isPair(offload: Offload | readonly [Offload, Offload]): offload is readonly [Offload, Offload] {
  return Array.isArray(offload) && offload.length === 2
}

function stateOf(request: Offload): OffloadState {
  validateOffload(request)
  const plan = offloadPlan(request)
  if (plan === undefined) return OFFLOAD_OFF
  return Object.freeze({ mode: plan.mode, tcp: plan.tcp ? 'on' : 'off', udp: plan.udp ? 'on' : 'off' })
}

/** The ring that a side with this offload writes into. */
function createRing({ mode }: OffloadState, mtu: number, packets: number): PacketRing {
  const largest = mode === 'off' ? mtu : MAX_PACKET_BYTES
  // One more than there may be: in the worst case that much is left free at the end, where the next one does not fit.
  const wanted = (packets + 1) * largest
  const bytes = mode === 'off' ? wanted : Math.min(wanted, Math.max(SUPER_PACKETS_BYTES, (packets + 1) * mtu))
  return new PacketRing(packets, largest, bytes)
}
