import { getSystemErrorMap } from 'node:util'
import { TunError } from './tun-error.js'

interface ErrnoError extends Error {
  code: string
  errno: number
  syscall: string
}

/** The TunError for a negative errno that `syscall` returned. */
export function systemError(
  errno: number,
  syscall: string,
  device?: string,
  cause?: unknown,
  ownHint?: string,
): TunError {
  const [code, text] = linuxErrors.get(errno) ??
    getSystemErrorMap().get(errno) ?? [`errno ${-errno}`, 'unknown error']
  const subject = device ? `${syscall} on ${device}` : syscall
  const hint = ownHint ?? hintFor(code, syscall)
  const message = `${subject}: ${text} (${code})${hint ? `. ${hint}` : ''}`
  return new TunError(message, { code, errno, syscall, device, hint, cause })
}

/** The TunError for what the addon threw; anything without an errno is returned as it is. */
export function fromNative(error: unknown, device?: string, hint?: string): unknown {
  return isErrnoError(error) ? systemError(error.errno, error.syscall, device, error, hint) : error
}

function isErrnoError(error: unknown): error is ErrnoError {
  return error instanceof Error && 'errno' in error && typeof error.errno === 'number' && 'syscall' in error
}

function hintFor(code: string, syscall: string): string | undefined {
  return hints[`${code} ${syscall}`] ?? (syscall.startsWith('setns(') ? hints[`${code} setns`] : undefined)
}

/** Errors of Linux that libuv has no name for, and those of packets: a queue in memory gives them on every system. */
const linuxErrors = new Map<number, [string, string]>([
  [-5, ['EIO', 'i/o error']],
  [-14, ['EFAULT', 'bad address']],
  [-22, ['EINVAL', 'invalid argument']],
  [-74, ['EBADMSG', 'bad message']],
  [-77, ['EBADFD', 'file descriptor in bad state']],
  [-90, ['EMSGSIZE', 'message too long']],
  [-95, ['EOPNOTSUPP', 'operation not supported']],
])

const hints: Record<string, string> = {
  'ENOENT open(/dev/net/tun)':
    'Load the tun module (modprobe tun) or, in a container, pass the device node in (mknod /dev/net/tun c 10 200)',
  'ENODEV open(/dev/net/tun)': 'This kernel has no TUN driver: load the tun module (modprobe tun)',
  'ENXIO open(/dev/net/tun)': 'This kernel has no TUN driver: load the tun module (modprobe tun)',
  'EACCES open(/dev/net/tun)': 'The user may not open /dev/net/tun: change its mode or group',
  'EPERM open(/dev/net/tun)': 'The device cgroup forbids /dev/net/tun: allow "c 10:200 rwm"',
  'EPERM ioctl(TUNSETIFF)':
    'Run with CAP_NET_ADMIN in the network namespace, or attach to a device made for this user (ip tuntap add … user …)',
  'EINVAL ioctl(TUNSETIFF)':
    'The name belongs to a device that is not a TUN, that has or lacks multiQueue, or whose other queues are with offload or without',
  'EINVAL ioctl(TUNSETOFFLOAD)': "The kernel refuses the offloads: open with offload 'auto' or 'off'",
  'ENOENT setns': 'There is no network namespace at this path',
  'EPERM setns': 'Entering a network namespace needs CAP_SYS_ADMIN',
  'EINVAL setns': 'The path is not a network namespace',
  'EACCES setns':
    'The path may not be opened: entering the namespaces of another process needs CAP_SYS_PTRACE',
  'ENOTTY ioctl(TUNSETIFF)': '/dev/net/tun is another device: it is character device 10, 200',
  'ENODEV ioctl(TUNGETIFF)': 'The device was deleted',
  'ENODEV ioctl(TUNSETIFF)': 'The device was deleted or renamed meanwhile',
  'EBADFD ioctl(TUNSETPERSIST)': 'The device was deleted',
  'EBADFD read(tun)': 'The device was deleted',
  'EBADFD write(tun)': 'The device was deleted',
  'EBADFD ioctl(TUNGETIFF)':
    'The descriptor is attached to no device: it was never attached, or its device was deleted',
  'ENOTTY ioctl(TUNGETIFF)': 'The descriptor is not one of /dev/net/tun',
  'EBADF ioctl(TUNGETIFF)': 'No such descriptor is open in this process',
  'EFAULT write(tun)':
    'The descriptor points outside the slab, or leaves less than 10 bytes before the packet on a queue with offload',
  'EMSGSIZE write(tun)': 'A packet has at most 65,535 bytes, and on a memory device at most its MTU',
  'EBADMSG write(tun)':
    'The packet is shorter than an IP header, of another version than 4 and 6, or a length in its header does not fit',
  'EINVAL write(tun)':
    'The kernel found the packet or its virtio words malformed: a gsoSize of 0, a checksumStart behind its end, another protocol',
  'EOPNOTSUPP write(tun)':
    "The checksum is unfinished or this is a super-packet: finish it, or open with offload 'raw'",
  'EIO write(tun)':
    'Bring the interface up: configure({ up: true }). Of a queue in memory, the other side is closed',
  'EINVAL ioctl(TUNSETQUEUE)':
    'The device has one queue (open it with multiQueue), or this one is detached, or attached, already',
  'EPERM ioctl(TUNSETOWNER)': 'Setting the owner needs CAP_NET_ADMIN',
  'E2BIG ioctl(TUNSETIFF)': 'The device has as many queues as the kernel allows (256)',
}
