import { binding } from '../binding.js'
import { isFastOpenEnabled } from './fast-open-setting.js'
import { isAboutName, type ReservationKind, tryReserving } from './try-reserving.js'

/** What {@link isSupported} and {@link doctor} can be asked about. */
export type SupportKind = ReservationKind | 'fast-open-client' | 'fast-open-server'

/**
 * Whether this process can do it here and now: on this platform and kernel, in the network namespace of the calling
 * thread, with its privileges and sysctls.
 *
 * Never throws; false on other platforms. A reservation is tried by making one on 127.0.0.1 and releasing it, which
 * sends nothing; that a port or id is held, or that `lo` is down, does not count. (With
 * `net.ipv4.tcp_fastopen_blackhole_timeout_sec` above 0 and Fast Open suspended, one SYN goes over `lo`, and the answer
 * is false.) For Fast Open the bits of `net.ipv4.tcp_fastopen` are read. False does not say why: {@link doctor} does.
 *
 * Default: `'tuple'`. About 0.2 ms; the answer is not kept. False too for a kind that does not exist.
 */
export function isSupported(kind: SupportKind = 'tuple'): boolean {
  try {
    binding()
    if (kind === 'fast-open-client') return isFastOpenEnabled('client')
    if (kind === 'fast-open-server') return isFastOpenEnabled('server')
    const refused = tryReserving(kind)
    return refused === undefined || isAboutName(refused)
  } catch {
    return false
  }
}
