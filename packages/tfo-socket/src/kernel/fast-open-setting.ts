import { readSysctlNumber } from './sysctl.js'

export const fastOpenSysctl = 'net.ipv4.tcp_fastopen'

/** Bits of the sysctl (include/net/tcp.h in the kernel: TFO_CLIENT_ENABLE, TFO_SERVER_ENABLE). */
export const fastOpenBits = { client: 1, server: 2 } as const

export function isFastOpenEnabled(side: keyof typeof fastOpenBits): boolean {
  return (readSysctlNumber(fastOpenSysctl) & fastOpenBits[side]) !== 0
}
