import type { NativeQueue } from '../binding.js'
import { systemError } from '../errors/system-error.js'
import {
  TUN_F_CSUM,
  TUN_F_TSO4,
  TUN_F_TSO6,
  TUN_F_USO4,
  TUN_F_USO6,
  VIRTIO_HEADER_BYTES,
} from '../kernel-abi.js'
import type { OffloadState } from '../queue/offload-switch.js'
import type { OffloadPlan } from './offload-request.js'

const TCP = TUN_F_TSO4 | TUN_F_TSO6
const UDP = TUN_F_USO4 | TUN_F_USO6

/**
 * Clears the offloads. They belong to the device, not the descriptor, and survive the process on a persistent
 * device: whoever attached with super-packets before would otherwise still get them for us, without the
 * header that says so.
 */
export function clearOffload(native: NativeQueue): void {
  check(native.setOffload(0), 'ioctl(TUNSETOFFLOAD)', native.name)
}

/**
 * Turns super-packets on for the protocols that are wanted, without UDP where the kernel has it not. Throws what refused the
 * rest.
 */
export function enableOffload(native: NativeQueue, { mode, tcp, udp }: OffloadPlan): OffloadState {
  // Another size than ours may be left on a persistent device.
  check(native.setVnetHeaderSize(VIRTIO_HEADER_BYTES), 'ioctl(TUNSETVNETHDRSZ)', native.name)
  const wanted = { mode, tcp: tcp ? 'on' : 'off' } as const
  const base = TUN_F_CSUM | (tcp ? TCP : 0)
  const refused = udp ? native.setOffload(base | UDP) : -1
  if (refused === 0) return Object.freeze({ ...wanted, udp: 'on' } as const)
  check(native.setOffload(base), 'ioctl(TUNSETOFFLOAD)', native.name)
  if (!udp) return Object.freeze({ ...wanted, udp: 'off' } as const)
  const reason = `ioctl(TUNSETOFFLOAD): ${systemError(refused, 'ioctl(TUNSETOFFLOAD)').code}`
  return Object.freeze({ ...wanted, udp: 'off', reason } as const)
}

function check(result: number, syscall: string, device: string): void {
  if (result < 0) throw systemError(result, syscall, device)
}
