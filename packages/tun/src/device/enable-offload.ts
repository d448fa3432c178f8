import type { NativeQueue } from '../binding.js'
import { systemError } from '../errors/system-error.js'
import type { TunError } from '../errors/tun-error.js'
import {
  TUN_F_CSUM,
  TUN_F_TSO4,
  TUN_F_TSO6,
  TUN_F_USO4,
  TUN_F_USO6,
  VIRTIO_HEADER_BYTES,
} from '../kernel-abi.js'

/** What is asked of the kernel when a device is opened. */
export type OffloadRequest = 'off' | 'raw' | 'auto'

/** What is live on an open device. */
export interface OffloadState {
  /** `raw`: descriptors carry virtio words, packets may be super-packets. `off`: neither. */
  readonly mode: 'off' | 'raw'
  /** The kernel hands over and takes super-packets of TCP. */
  readonly tcp: boolean
  /** The same for UDP. Requires Linux 6.2. */
  readonly udp: boolean
  /** Why less is live than was asked for: the call and the errno that refused. */
  readonly reason?: string
}

const TCP = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6
const UDP = TUN_F_USO4 | TUN_F_USO6

/**
 * Clears the offloads. They belong to the device, not the descriptor, and survive the process on a persistent
 * device: whoever attached with super-packets before would otherwise still get them for us, without the
 * header that says so.
 */
export function clearOffload(native: NativeQueue): void {
  check(native.setOffload(0), 'ioctl(TUNSETOFFLOAD)', native.name)
}

/** Turns raw super-packets on, with UDP where the kernel has it. Throws what refused TCP. */
export function enableRawOffload(native: NativeQueue): OffloadState {
  // Another size than ours may be left on a persistent device.
  check(native.setVnetHeaderSize(VIRTIO_HEADER_BYTES), 'ioctl(TUNSETVNETHDRSZ)', native.name)
  const both = native.setOffload(TCP | UDP)
  if (both === 0) return { mode: 'raw', tcp: true, udp: true }
  check(native.setOffload(TCP), 'ioctl(TUNSETOFFLOAD)', native.name)
  return { mode: 'raw', tcp: true, udp: false, reason: reasonOf(systemError(both, 'ioctl(TUNSETOFFLOAD)')) }
}

export function reasonOf(error: TunError): string {
  return `${error.syscall}: ${error.code}`
}

function check(result: number, syscall: string, device: string): void {
  if (result < 0) throw systemError(result, syscall, device)
}
