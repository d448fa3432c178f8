/** A notification as it came: who sent it (by the kernel's word), what it said, and how many descriptors came with it. */
export interface ReceivedNotification {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** False: not from the main process, and NotifyAccess=main. Nothing came of it then. */
  readonly accepted: boolean
  /** `READY`, `MAINPID`, `STATUS`, … */
  readonly fields: Readonly<Record<string, string>>
  readonly fds: number
}

/** The fields of a datagram. Lines without `=` mean nothing; of a field that is there twice the last one counts. */
export function parseNotification(bytes: Uint8Array): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const line of Buffer.from(bytes).toString('utf8').split('\n')) {
    const end = line.indexOf('=')
    if (end > 0) fields[line.slice(0, end)] = line.slice(end + 1)
  }
  return fields
}
