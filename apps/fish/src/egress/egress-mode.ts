import type { Reservation } from '@slatfatf/tfo-socket'
import type { Slice } from '../lease/slices.js'

/** One way to own an external endpoint. */
export interface EgressMode {
  readonly name: 'placeholder' | 'port' | 'echo-id'
  /** IP protocol number. */
  readonly protocol: number
  /** True when one lease serves every remote: endpoint-independent mapping (RFC 4787 §4.1). */
  readonly endpointIndependent: boolean
  /** True when the kernel may take a lease away before it is given back, which must be watched then. */
  readonly canBeLost: boolean
  /**
   * Asks the kernel for an endpoint of the slice, for this remote (0 when the mode is endpoint-independent). Synchronous, sends
   * nothing. `undefined` when the slice has no room; throws what the kernel said when something is broken.
   */
  reserve(slice: Slice, remote: number, remotePort: number): Reservation | undefined
}
