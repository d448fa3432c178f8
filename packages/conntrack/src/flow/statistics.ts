/** Of the namespace. */
export interface Statistics {
  /** Entries now. Equals `net.netfilter.nf_conntrack_count`. */
  entries: number
  /** The most there may be. Equals `net.netfilter.nf_conntrack_max`. */
  maxEntries: number
}

/** What one CPU has counted since boot, 32 bits each; a counter that this kernel does not have is absent. */
export interface CpuStatistics {
  cpu: number
  searched?: number | undefined
  found?: number | undefined
  new?: number | undefined
  invalid?: number | undefined
  ignore?: number | undefined
  delete?: number | undefined
  deleteList?: number | undefined
  insert?: number | undefined
  /** Insertions that found the tuple taken. */
  insertFailed?: number | undefined
  /** Packets dropped because the table was full. */
  drop?: number | undefined
  /** Entries thrown out early to make room. */
  earlyDrop?: number | undefined
  error?: number | undefined
  searchRestart?: number | undefined
  /** Two packets of one new flow raced, and the later one joined. */
  clashResolve?: number | undefined
  /** Insertions refused because the hash chain was too long. */
  chainTooLong?: number | undefined
}

export interface ExpectationCpuStatistics {
  cpu: number
  new?: number | undefined
  create?: number | undefined
  delete?: number | undefined
}
