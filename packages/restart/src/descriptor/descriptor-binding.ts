/** An IP address and port, or the path of a Unix socket; an abstract one begins with `@`. */
export type SocketName = { address: string; port: number } | { path: string }

/** What the kernel says a descriptor is. */
export type FdDescription =
  | {
      kind: 'socket'
      closeOnExec: boolean
      family: 'inet' | 'inet6' | 'unix' | 'netlink' | 'other'
      type: 'stream' | 'dgram' | 'seqpacket' | 'other'
      /** IPPROTO_…; 0 for Unix sockets. */
      protocol: number
      listening: boolean
      /** Absent if it has no name. */
      local?: SocketName
      /** Absent if it is not connected, or its peer has no name. */
      peer?: SocketName
    }
  | {
      kind: 'file' | 'directory' | 'pipe' | 'device' | 'memfd' | 'other'
      closeOnExec: boolean
      sizeBytes: number
    }

export interface DescriptorLimit {
  /** How many descriptors the process may have; `Infinity` if there is no limit. */
  soft: number
  hard: number
  /** How many it has. */
  open: number
}

/** A file as stat(2) numbers it; the lower 32 bits of the inode only. */
export interface BoundFile {
  device: number
  inode: number
}

/** Flags of {@link DescriptorBinding.listenTcp} and {@link DescriptorBinding.bindUdp}. */
export const REUSE_PORT = 1
export const IPV6_ONLY = 2
export const FREEBIND = 4

/** Everything here throws an Error with `code`, `errno` and `syscall`. New descriptors are close-on-exec. */
export interface DescriptorBinding {
  closeFd(fd: number): void
  /** At least 3. */
  duplicateFd(fd: number): number
  /** dup2: `target` survives exec. */
  replaceFd(source: number, target: number): void
  setCloseOnExec(fd: number, on: boolean): void
  describeFd(fd: number): FdDescription
  descriptorLimit(): DescriptorLimit
  /** Room for descriptors below `count` now, and not in the middle of something. */
  growDescriptorTable(count: number): void
  /** A descriptor whose closing unlocks. `EAGAIN`: somebody else has the lock. */
  lockFile(path: string): number
  /** The address is numeric. */
  listenTcp(address: string, port: number, backlog: number, flags: number): number
  bindUdp(address: string, port: number, flags: number): number
  /** Exactly this mode, whatever the umask. `EADDRINUSE`: something is at the path. */
  listenUnix(path: string, mode: number, backlog: number): number
  connectUnix(path: string): number
  /** Whether somebody has the path, without them noticing. `ECONNREFUSED`: nobody. `EPROTOTYPE`: a stream socket. */
  probeUnix(path: string): void
  /** `ENOENT`: the socket is bound to no file. */
  boundFile(fd: number): BoundFile
}
