import type { NetlinkMessage } from '@slatfatf/netlink'
import {
  IPCTNL_MSG_CT_GET_STATS,
  IPCTNL_MSG_CT_GET_STATS_CPU,
  IPCTNL_MSG_EXP_GET_STATS_CPU,
} from '../codec/constants.js'
import {
  decodeCpuStatistics,
  decodeExpectationCpuStatistics,
  decodeStatistics,
} from '../codec/decode-statistics.js'
import { familyHeader } from '../codec/header.js'
import type { CpuStatistics, ExpectationCpuStatistics, Statistics } from '../flow/statistics.js'
import { attempt, type CallOptions, request, type Session } from './session.js'

export async function readStatistics(session: Session, options: CallOptions): Promise<Statistics> {
  const message = { type: IPCTNL_MSG_CT_GET_STATS, payload: familyHeader(undefined) }
  const [statistics] = await request(session, { operation: 'statistics' }, message, options, (reply) =>
    decodeStatistics(reply.payload),
  )
  return statistics!
}

export function readCpuStatistics(session: Session, options: CallOptions): Promise<CpuStatistics[]> {
  return perCpu(session, IPCTNL_MSG_CT_GET_STATS_CPU, decodeCpuStatistics, options)
}

export function readExpectationCpuStatistics(
  session: Session,
  options: CallOptions,
): Promise<ExpectationCpuStatistics[]> {
  return perCpu(session, IPCTNL_MSG_EXP_GET_STATS_CPU, decodeExpectationCpuStatistics, options)
}

async function perCpu<T>(
  session: Session,
  type: number,
  decode: (payload: DataView) => T,
  { signal }: CallOptions,
): Promise<T[]> {
  const message = { type, payload: familyHeader(undefined), operation: 'statistics' }
  const each = (reply: NetlinkMessage) => decode(reply.payload)
  return attempt({ operation: 'statistics' }, () =>
    session.connection.dump(message, each, signal ? { signal } : {}),
  )
}
