import type { CpuStatistics, ExpectationCpuStatistics, Statistics } from '../flow/statistics.js'
import { after, attributeLength, attributeType, uint32At } from './attribute-walk.js'
import {
  CTA_STATS_CHAIN_TOOLONG,
  CTA_STATS_CLASH_RESOLVE,
  CTA_STATS_DELETE,
  CTA_STATS_DELETE_LIST,
  CTA_STATS_DROP,
  CTA_STATS_EARLY_DROP,
  CTA_STATS_ERROR,
  CTA_STATS_EXP_CREATE,
  CTA_STATS_EXP_DELETE,
  CTA_STATS_EXP_NEW,
  CTA_STATS_FOUND,
  CTA_STATS_GLOBAL_ENTRIES,
  CTA_STATS_GLOBAL_MAX_ENTRIES,
  CTA_STATS_IGNORE,
  CTA_STATS_INSERT,
  CTA_STATS_INSERT_FAILED,
  CTA_STATS_INVALID,
  CTA_STATS_NEW,
  CTA_STATS_SEARCH_RESTART,
  CTA_STATS_SEARCHED,
  NFGENMSG_BYTES,
} from './constants.js'
import { malformed } from './malformed.js'

type Names = Readonly<Record<number, string>>

const global: Names = { [CTA_STATS_GLOBAL_ENTRIES]: 'entries', [CTA_STATS_GLOBAL_MAX_ENTRIES]: 'maxEntries' }

const perCpu: Names = {
  [CTA_STATS_SEARCHED]: 'searched',
  [CTA_STATS_FOUND]: 'found',
  [CTA_STATS_NEW]: 'new',
  [CTA_STATS_INVALID]: 'invalid',
  [CTA_STATS_IGNORE]: 'ignore',
  [CTA_STATS_DELETE]: 'delete',
  [CTA_STATS_DELETE_LIST]: 'deleteList',
  [CTA_STATS_INSERT]: 'insert',
  [CTA_STATS_INSERT_FAILED]: 'insertFailed',
  [CTA_STATS_DROP]: 'drop',
  [CTA_STATS_EARLY_DROP]: 'earlyDrop',
  [CTA_STATS_ERROR]: 'error',
  [CTA_STATS_SEARCH_RESTART]: 'searchRestart',
  [CTA_STATS_CLASH_RESOLVE]: 'clashResolve',
  [CTA_STATS_CHAIN_TOOLONG]: 'chainTooLong',
}

const expectations: Names = {
  [CTA_STATS_EXP_NEW]: 'new',
  [CTA_STATS_EXP_CREATE]: 'create',
  [CTA_STATS_EXP_DELETE]: 'delete',
}

/** Throws `ERR_NETLINK_MALFORMED`. */
export function decodeStatistics(view: DataView): Statistics {
  return { entries: 0, maxEntries: 0, ...decodeNumbers(view, global) }
}

/** The number of the CPU is in the header. Throws `ERR_NETLINK_MALFORMED`. */
export function decodeCpuStatistics(view: DataView): CpuStatistics {
  return { cpu: cpuOf(view), ...decodeNumbers(view, perCpu) }
}

/** Throws `ERR_NETLINK_MALFORMED`. */
export function decodeExpectationCpuStatistics(view: DataView): ExpectationCpuStatistics {
  return { cpu: cpuOf(view), ...decodeNumbers(view, expectations) }
}

function cpuOf(view: DataView): number {
  if (view.byteLength < NFGENMSG_BYTES) throw malformed(`${view.byteLength} bytes are no nfgenmsg`)
  return view.getUint16(2)
}

function decodeNumbers(view: DataView, names: Names): Record<string, number> {
  if (view.byteLength < NFGENMSG_BYTES) throw malformed(`${view.byteLength} bytes are no nfgenmsg`)
  const numbers: Record<string, number> = {}
  for (let at = NFGENMSG_BYTES; at < view.byteLength; ) {
    const length = attributeLength(view, at, view.byteLength)
    const name = names[attributeType(view, at)]
    if (name !== undefined) numbers[name] = uint32At(view, at, length)
    at = after(at, length)
  }
  return numbers
}
