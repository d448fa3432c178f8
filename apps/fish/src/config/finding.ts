import type { DocumentPath } from './document-path.js'

/** A mistake before it is known where in the file it stands. */
export interface Finding {
  readonly path: DocumentPath
  /** Set if the mistake is this key of the map at `path`, not a value. */
  readonly key?: string
  readonly message: string
  readonly expected: string
}
