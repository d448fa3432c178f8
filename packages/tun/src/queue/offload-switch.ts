import {
  VIRTIO_NET_HDR_GSO_ECN,
  VIRTIO_NET_HDR_GSO_TCPV4,
  VIRTIO_NET_HDR_GSO_TCPV6,
  VIRTIO_NET_HDR_GSO_UDP_L4,
} from '../batch/descriptor.js'

/** What is live for one protocol: nothing, super-packets in both directions, or only those that are read. */
export type OffloadDirection = 'off' | 'on' | 'read'

/** What is live on a queue. */
export interface OffloadState {
  /**
   * `off`: packets of at most the MTU, checksums complete. `raw`: super-packets pass with their virtio words. `split`: the
   * caller sees what it would see with `off`, the kernel super-packets.
   */
  readonly mode: 'off' | 'split' | 'raw'
  /** Super-packets of TCP. `read`: the kernel refused one that was written, and they are cut into segments since. */
  readonly tcp: OffloadDirection
  /** The same for UDP. Requires Linux 6.2. */
  readonly udp: OffloadDirection
  /** Why less is live than was asked for: the call and the errno that refused. */
  readonly reason?: string
}

export const OFFLOAD_OFF: OffloadState = Object.freeze({ mode: 'off', tcp: 'off', udp: 'off' })

/** The offload state of one queue, and who hears of its changes. */
export class OffloadSwitch {
  onChange: ((state: OffloadState) => void) | undefined
  #state: OffloadState

  constructor(state: OffloadState) {
    this.#state = state
  }

  get state(): OffloadState {
    return this.#state
  }

  /** Whether super-packets of the protocol are handed to the kernel. */
  writes(protocol: 'tcp' | 'udp'): boolean {
    return this.#state[protocol] === 'on'
  }

  /** Whether super-packets that are written must be cut. */
  isRefused(protocol: 'tcp' | 'udp'): boolean {
    return this.#state[protocol] === 'read'
  }

  /** The kernel refused a super-packet whose segments it takes. */
  refuse(protocol: 'tcp' | 'udp'): void {
    if (!this.writes(protocol)) return
    const reason = `write(${protocol} super-packet): EINVAL`
    this.#state = Object.freeze({ ...this.#state, [protocol]: 'read', reason })
    this.onChange?.(this.#state)
  }
}

/** The protocol of a super-packet; undefined for an ordinary packet, and for kinds that nobody asked the kernel for. */
export function protocolOfGso(gsoType: number): 'tcp' | 'udp' | undefined {
  const type = gsoType & ~VIRTIO_NET_HDR_GSO_ECN
  if (type === VIRTIO_NET_HDR_GSO_TCPV4 || type === VIRTIO_NET_HDR_GSO_TCPV6) return 'tcp'
  return type === VIRTIO_NET_HDR_GSO_UDP_L4 ? 'udp' : undefined
}
