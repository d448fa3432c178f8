import { binding } from '../binding.js'
import { type GenerationLink, Kind } from './generation-link.js'

/** What goes to the next process, so that it can take over the socket. */
export interface UdpSuccession {
  /** In this order. Still ours: duplicates reach the other process, by `stdio` or in a message. */
  readonly fds: readonly number[]
  /** Must be called when they are there, or have failed to get there: the death of the other process shows by its end being closed. */
  passed(): void
  /** Nothing came of it: the other process will never read. */
  cancel(): void
}

/**
 * `far` is the other end of `link`, and open until it is passed; `older` are the links of instances before. `cancelled`
 * is called if the link was open until then.
 */
export function offerSuccession(
  link: GenerationLink,
  far: number,
  older: Iterable<GenerationLink>,
  cancelled: () => void,
): UdpSuccession {
  let open = true
  const passed = () => {
    if (open) binding().closeFd(far)
    open = false
  }
  const cancel = () => {
    passed()
    if (link.isClosed) return
    link.sendSignal(Kind.dismissed)
    link.close()
    cancelled()
  }
  return { fds: [far, ...[...older].map(({ fd }) => fd)], passed, cancel }
}
