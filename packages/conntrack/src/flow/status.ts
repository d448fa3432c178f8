/** Bits of `Flow.status` (`enum ip_conntrack_status`, include/uapi/linux/netfilter/nf_conntrack_common.h). */
export const STATUS = {
  EXPECTED: 1 << 0,
  SEEN_REPLY: 1 << 1,
  ASSURED: 1 << 2,
  CONFIRMED: 1 << 3,
  SRC_NAT: 1 << 4,
  DST_NAT: 1 << 5,
  SEQ_ADJUST: 1 << 6,
  SRC_NAT_DONE: 1 << 7,
  DST_NAT_DONE: 1 << 8,
  DYING: 1 << 9,
  FIXED_TIMEOUT: 1 << 10,
  TEMPLATE: 1 << 11,
  NAT_CLASH: 1 << 12,
  HELPER: 1 << 13,
  OFFLOAD: 1 << 14,
  HW_OFFLOAD: 1 << 15,
} as const

export type StatusName = keyof typeof STATUS

const entries = Object.entries(STATUS) as [StatusName, number][]

/** The names of the bits that are set; what has no name is left out. */
export function statusNames(status: number): StatusName[] {
  return entries.filter(([, bit]) => (status & bit) !== 0).map(([name]) => name)
}

/** The bits of the names. */
export function statusBits(...names: StatusName[]): number {
  return names.reduce((bits, name) => bits | STATUS[name], 0)
}
