/** The duties of an init process. */
export interface SuperviseBinding {
  /** Orphans among the descendants of this process become its children. Throws. */
  becomeSubreaper(): void
  /**
   * Takes the ends of children that are not `known`: pairs of pid and exit status, or the negative number of the signal. Returns how many.
   * A known one that has ended must be taken by whoever knows it, and then this must be called again.
   */
  reapOrphans(known: Int32Array, into: Int32Array): number
  hasChildren(): boolean
}
