// What nothing works without: the addon, and a kernel that knows the options of the sockets.
import { release } from 'node:os'
import { binding } from '../../binding.js'
import { isTfoSocketError, type TfoSocketError } from '../../errors/tfo-socket-error.js'
import { isAboutName, type ReservationKind, tryReserving } from '../try-reserving.js'
import type { Check, Look, Needs } from './check.js'

export const platform: Check = {
  check: 'platform',
  affects: 'nothing of this package works',
  look() {
    const wanted = 'Linux with glibc on x64 or arm64'
    const found = `${process.platform} on ${process.arch}`
    try {
      binding()
      return { ok: true, found, wanted, fix: '' }
    } catch (error) {
      if (!isTfoSocketError(error)) throw error
      const fix = error.hint ?? 'Run it on Linux'
      return {
        ok: false,
        found: process.platform === 'linux' ? `${found}, no addon for it` : found,
        wanted,
        fix,
      }
    }
  },
}

export const kernel: Check = {
  check: 'kernel',
  affects: 'reservations of this kind cannot be made',
  look(needs) {
    const kinds = reservationKinds(needs)
    if (kinds.length === 0) return undefined
    return judgeKernel(kinds.map((kind) => ({ kind, refused: tryReserving(kind) })))
  },
}

interface Tried {
  kind: ReservationKind
  refused: TfoSocketError | undefined
}

/** What the kernel's answers to one reservation of each kind say about the kernel itself. */
export function judgeKernel(tried: readonly Tried[]): Look {
  const failed = tried.find(
    ({ refused }) => refused !== undefined && !isAboutName(refused) && !hasOwnCheck(refused),
  )
  const found = `Linux ${release()}`
  return {
    ok: failed === undefined,
    found: failed === undefined ? found : `${found}; ${failed.kind}: ${failed.refused?.message}`,
    wanted: tried.every(({ kind }) => kind === 'echo-id') ? 'any Linux' : 'Linux 6.3 or later',
    fix: failed?.refused?.hint ?? 'Run Linux 6.3 or later',
  }
}

function reservationKinds({ kinds }: Needs): ReservationKind[] {
  return (['tuple', 'port', 'echo-id', 'repair'] as const).filter((kind) => kinds.has(kind))
}

/** One cause is one finding: what another check says better is left to it. */
function hasOwnCheck({ code, syscall }: TfoSocketError): boolean {
  switch (`${code} ${syscall}`) {
    case 'ENOTSUP setsockopt(TCP_FASTOPEN_CONNECT)':
    case 'ERR_FAST_OPEN_SUSPENDED connect':
    case 'EACCES socket':
    case 'EPERM socket':
    case 'EPERM setsockopt(TCP_REPAIR)':
      return true
    default:
      return false
  }
}
