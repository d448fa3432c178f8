import { type Binding, binding } from '../binding.js'

interface ManagerBinding {
  /** Throws with `code`, `errno` and `syscall`. */
  bindNotifySocket(address: string): number
  /** Bytes or `-errno`; `descriptors` as in receiveMessage; `sender` becomes pid, uid, gid. */
  receiveNotification(fd: number, into: Uint8Array, descriptors: Int32Array, sender: Int32Array): number
  /** What poll(2) reports without having been asked. */
  isHungUp(fd: number): boolean
  /** pidfd_open (Linux 5.3); readable when the process has ended. Throws, `ESRCH` when it has. */
  openProcess(pid: number): number
  /** Throws, `ESRCH` when it has ended. */
  signalProcess(process: number, signal: number): void
}

/** The addon, with the calls of whoever manages a service: {@link runAsInit}, and the fake manager. */
export function managerBinding(): Binding & ManagerBinding {
  return binding() as Binding & ManagerBinding
}
