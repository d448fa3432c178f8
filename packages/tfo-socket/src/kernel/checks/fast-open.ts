// The sysctls of TCP Fast Open.
import { enableFastOpen, fastOpenBits, fastOpenSysctl, isFastOpenEnabled } from '../fast-open-setting.js'
import { readSysctl, readSysctlNumber } from '../sysctl.js'
import { anyOf, type Check, type Look, type Needs } from './check.js'

const blackholeSysctl = 'net.ipv4.tcp_fastopen_blackhole_timeout_sec'

export const fastOpenClient: Check = {
  check: 'tcp-fastopen-client',
  affects: 'tuples cannot be reserved, and clients send no data in their SYN',
  look: (needs) => (wantsClient(needs) ? lookAtBit('client', needs) : undefined),
}

export const fastOpenServer: Check = {
  check: 'tcp-fastopen-server',
  affects: 'listeners do not accept data in a SYN',
  look: (needs) => (wantsServer(needs) ? lookAtBit('server', needs) : undefined),
}

export const fastOpenBlackhole: Check = {
  check: 'tcp-fastopen-blackhole',
  affects:
    'after connections that look like a black hole the kernel suspends Fast Open for clients; then reserving a tuple ' +
    'sends a SYN and fails',
  look(needs) {
    if (!wantsClient(needs)) return undefined
    const seconds = readSysctl(blackholeSysctl)
    return {
      ok: seconds === '0',
      found: `${blackholeSysctl} = ${seconds}`,
      wanted: '0: never suspended',
      fix: `sysctl -w ${blackholeSysctl}=0`,
    }
  },
}

/** Whether connecting a socket that reserves a tuple could send a SYN. */
export function maySuspendFastOpen(): boolean {
  return readSysctlNumber(blackholeSysctl) !== 0
}

/** Whether reserving tuples can be tried without a SYN, and says something about ports, addresses and routes. */
export function canTryTuples(): boolean {
  return isFastOpenEnabled('client') && !maySuspendFastOpen()
}

function lookAtBit(side: keyof typeof fastOpenBits, needs: Needs): Look {
  const value = readSysctlNumber(fastOpenSysctl)
  // Both bits, so that it does not matter which of two fixes comes last.
  const sides = [wantsClient(needs) && 'client', wantsServer(needs) && 'server'] as const
  return {
    ok: isFastOpenEnabled(side),
    found: `${fastOpenSysctl} = ${value}`,
    wanted: `bit ${fastOpenBits[side]}`,
    fix: enableFastOpen(...sides.filter((wanted) => wanted !== false)),
  }
}

function wantsClient(needs: Needs): boolean {
  return anyOf(needs, 'tuple', 'fast-open-client')
}

function wantsServer(needs: Needs): boolean {
  return anyOf(needs, 'fast-open-server')
}
