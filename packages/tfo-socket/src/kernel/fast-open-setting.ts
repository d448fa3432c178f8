import { readSysctlNumber } from './sysctl.js'

export const fastOpenSysctl = 'net.ipv4.tcp_fastopen'

/** Bits of the sysctl (include/net/tcp.h in the kernel: TFO_CLIENT_ENABLE, TFO_SERVER_ENABLE). */
export const fastOpenBits = { client: 1, server: 2 } as const

export function isFastOpenEnabled(side: keyof typeof fastOpenBits): boolean {
  return (readSysctlNumber(fastOpenSysctl) & fastOpenBits[side]) !== 0
}

/** The command that turns Fast Open on for these sides, and leaves on what is on. */
export function enableFastOpen(...sides: (keyof typeof fastOpenBits)[]): string {
  const wanted = sides.reduce((bits, side) => bits | fastOpenBits[side], readSysctlNumber(fastOpenSysctl))
  return `sysctl -w ${fastOpenSysctl}=${wanted}`
}
