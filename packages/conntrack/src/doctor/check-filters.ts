import { type NetlinkConnection, NLM_F_DUMP_FILTERED, PayloadWriter } from '@slatfatf/netlink'
import {
  AF_INET6,
  CTA_FILTER,
  CTA_FILTER_F_CTA_IP_SRC,
  CTA_FILTER_ORIG_FLAGS,
  CTA_FILTER_REPLY_FLAGS,
  CTA_IP_V6_SRC,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  IPCTNL_MSG_CT_DELETE,
  IPCTNL_MSG_CT_GET,
} from '../codec/constants.js'
import { writeProbe } from '../codec/encode-filter.js'
import { familyHeader } from '../codec/header.js'
import { payloadOf, request, type Session } from '../conntrack/session.js'
import { probeAbilities } from '../filter/kernel-abilities.js'
import { type Finding, finding } from './finding.js'

/** What of a filter the kernel compares. */
export async function checkFilters(session: Session): Promise<Finding[]> {
  const abilities = await probeAbilities(async (probe) => {
    const payload = payloadOf((writer) => writeProbe(writer, probe))
    if (probe !== 'flush of nothing by flags') return refusalOf(() => firstOf(session, payload))
    return refusalOf(() =>
      request(session, { operation: 'flush' }, { type: IPCTNL_MSG_CT_DELETE, payload }, {}),
    )
  })
  const words = [
    ['status', abilities.status, '5.15'],
    ['tuples of a dump', abilities.tupleDump, '5.8'],
    ['tuples of a flush', abilities.tupleFlush, '6.12'],
  ] as const
  const lacks = words.filter(([, isThere]) => !isThere)
  return [
    finding('kernel-filters', {
      ok: lacks.length === 0,
      found:
        lacks.length === 0
          ? 'status and tuples are compared, of dumps and of flushes'
          : `not compared: ${lacks.map(([name]) => name).join(', ')}`,
      wanted: 'status and tuples compared by the kernel',
      affects: 'Speed only: what the kernel cannot compare is compared here, and deleted one by one',
      fix: `Linux ${lacks.at(-1)?.[2]} or later`,
    }),
    await checkIpv6(session),
  ]
}

/** An address of the block that is for nothing but discarding (RFC 6666). */
const NOBODY = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xde, 0xad)

/** Asks for entries from an address that nobody has. Whoever compares the wrong way round gives all others. */
async function checkIpv6(session: Session): Promise<Finding> {
  const all = await isAny(session, familyHeader(6))
  const payload = new PayloadWriter().raw(Uint8Array.of(AF_INET6, 0, 0, 0))
  const tuple = payload.beginNested(CTA_TUPLE_ORIG)
  const ip = payload.beginNested(CTA_TUPLE_IP)
  payload.bytes(CTA_IP_V6_SRC, NOBODY).endNested(ip).endNested(tuple)
  const filter = payload.beginNested(CTA_FILTER)
  payload.uint32(CTA_FILTER_ORIG_FLAGS, CTA_FILTER_F_CTA_IP_SRC).uint32(CTA_FILTER_REPLY_FLAGS, 0)
  payload.endNested(filter)
  let found = 'unknown: there is no entry of IPv6 to try it on'
  if (all) {
    const given = await isAny(session, payload.finish())
    found =
      given === 'refused' || given === 'unfiltered'
        ? 'addresses are not compared'
        : given
          ? 'addresses are compared the wrong way round: asked for one, it gives all others'
          : 'addresses are compared rightly'
  }
  return finding('ipv6-filter', {
    ok: true,
    found,
    wanted: 'addresses compared rightly',
    affects:
      'Other programs: this package never asks the kernel about addresses of IPv6, it compares them itself',
  })
}

async function isAny(session: Session, payload: Uint8Array): Promise<boolean | 'refused' | 'unfiltered'> {
  try {
    const first = await firstOf(session, payload)
    if (first === undefined) return false
    return payload.length > 4 && (first & NLM_F_DUMP_FILTERED) === 0 ? 'unfiltered' : true
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return 'refused'
  }
}

/** The flags of the first entry of a dump; no more is read. */
async function firstOf(session: Session, payload: Uint8Array): Promise<number | undefined> {
  const connection: NetlinkConnection = await session.open()
  try {
    const stream = connection.stream(
      { type: IPCTNL_MSG_CT_GET, payload, operation: 'probe' },
      ({ flags }) => flags,
    )
    const { value } = await stream.next()
    return value
  } finally {
    await session.release(connection)
  }
}

async function refusalOf(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask()
    return undefined
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    return code
  }
}

/** Of a refusal that tells what the kernel cannot. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: string }
  return code === 'EINVAL' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' ? code : undefined
}
