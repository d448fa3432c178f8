/** Stable codes of {@link HostError}. */
export type HostErrorCode =
  /** A change of the host was refused; `cause` is what refused it. */
  | 'ERR_HOST_CHANGE'
  /** Some of the changes could not be undone; they stay in the journal, and removing again tries them again. */
  | 'ERR_HOST_REMOVE'
  /** A living process has the journal: another instance uses this state directory. */
  | 'ERR_HOST_IN_USE'
  /** The journal cannot be read or written. */
  | 'ERR_HOST_JOURNAL'
  /** The command `nft` is not installed. */
  | 'ERR_NFT_MISSING'
  /** `nft` refused; the message has its words. */
  | 'ERR_NFT_FAILED'

interface HostErrorDetails {
  readonly hint?: string
  readonly cause?: unknown
}

const brand = Symbol.for('@slatfatf/fish.HostError')

/** The host could not be changed, or not be changed back. */
export class HostError extends Error {
  readonly code: HostErrorCode
  /** What to do about it; empty if there is nothing general to say. */
  readonly hint: string
  /** The system's number, negative, where a system call refused. */
  readonly errno: number | undefined
  readonly syscall: string | undefined

  constructor(code: HostErrorCode, message: string, { hint, cause }: HostErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'HostError'
    this.code = code
    const {
      errno,
      syscall,
      hint: inner,
    } = (cause ?? {}) as { errno?: number; syscall?: string; hint?: string }
    this.hint = hint ?? inner ?? ''
    this.errno = errno
    this.syscall = syscall
    Object.defineProperty(this, brand, { value: true })
  }
}

/** Tells whether `value` is a {@link HostError}, whichever copy of this module made it. */
export function isHostError(value: unknown): value is HostError {
  return value instanceof Error && brand in value
}
