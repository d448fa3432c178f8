import { getSystemErrorName } from 'node:util'
import { addressExpected, invalidValue } from '../errors/arguments.js'
import { hintFor, isTaken } from '../errors/refusal.js'
import { TfoSocketError } from '../errors/tfo-socket-error.js'
import type { PortRange } from '../kernel/port-range.js'

/** One attempt: between which ends, and from which ports if that was asked for. */
export interface Attempt {
  remoteAddress: string
  remotePort: number
  localAddress?: string | undefined
  localPorts?: PortRange | number | undefined
  device?: string | undefined
}

/** The error for an attempt that `errno`, negative, has ended. */
export function connectRefusal(errno: number, syscall: string, attempt: Attempt): Error {
  const { remoteAddress, remotePort, localAddress, localPorts } = attempt
  if (syscall === 'inet_pton(remoteAddress)') {
    return invalidValue('options.host', `a name or ${addressExpected}`, remoteAddress)
  }
  if (syscall === 'inet_pton(address)') {
    return invalidValue('options.localAddress', `${addressExpected} of the remote's family`, localAddress)
  }
  const code = getSystemErrorName(errno)
  const ranged = typeof localPorts === 'object'
  const [firstPort, lastPort] = ranged ? [localPorts.first, localPorts.last] : [localPorts, localPorts]
  const hint = hintOf(code, syscall, attempt)
  return new TfoSocketError(`Cannot connect ${describe(attempt)}: ${syscall} ${code}`, {
    code,
    errno,
    syscall,
    full: ranged && isTaken(code, syscall),
    protocol: 'tcp',
    remoteAddress,
    remotePort,
    ...(localAddress !== undefined && { address: localAddress }),
    ...(firstPort !== undefined && { firstPort }),
    ...(lastPort !== undefined && { lastPort }),
    ...(hint !== undefined && { hint }),
  })
}

function describe({ remoteAddress, remotePort, localAddress, localPorts }: Attempt): string {
  const to = `to ${remoteAddress} port ${remotePort}`
  if (localAddress === undefined) return to
  if (localPorts === undefined) return `${to} from ${localAddress}`
  const ports = typeof localPorts === 'object' ? `${localPorts.first}-${localPorts.last}` : localPorts
  return `${to} from ${localAddress} port ${ports}`
}

function hintOf(code: string, syscall: string, attempt: Attempt): string | undefined {
  if (isTaken(code, syscall) && attempt.localPorts === undefined) {
    return 'No port is free for this remote: sysctl net.ipv4.ip_local_port_range'
  }
  if (code === 'EINVAL' && syscall === 'connect' && /^fe[89ab]/i.test(attempt.remoteAddress)) {
    return 'A link-local address needs options.device'
  }
  return hintFor(code, syscall, {
    protocol: 'tcp',
    address: attempt.localAddress ?? '',
    device: attempt.device,
  })
}

/** The refusal of the last address, with those of all as its cause. */
export function allRefused(refusals: readonly TfoSocketError[]): TfoSocketError {
  const last = refusals.at(-1)!
  if (refusals.length === 1) return last
  const cause = new AggregateError(refusals, `${refusals.length} addresses were tried`)
  return new TfoSocketError(last.message, { ...last, code: last.code, full: last.full, cause })
}
