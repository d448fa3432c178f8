import type { Statistics } from '../flow/statistics.js'
import { type Finding, finding } from './finding.js'
import { readSysctl } from './read-sysctl.js'

/** What the settings of the namespace allow. */
export function checkSettings(
  netns: string | number | undefined,
  needs: ReadonlySet<string>,
  { entries, maxEntries }: Statistics,
): Finding[] {
  const setting = (
    check: string,
    name: string,
    isNeeded: boolean,
    judge: (value: number) => { ok: boolean; means: string },
    rest: { wanted: string; affects: string; value: number },
  ): Finding => {
    const value = readSysctl(name, netns)
    const { wanted, affects } = rest
    if (value === undefined) {
      const found = `${name} is unknown: the settings of a namespace can only be read inside of it`
      return finding(check, { ok: !isNeeded, found, wanted, affects, fix: insideFix(netns) })
    }
    const { ok, means } = judge(value)
    const found = `${name} is ${value}: ${means}${ok || isNeeded ? '' : ', of no matter unless it is needed'}`
    return finding(check, {
      ok: ok || !isNeeded,
      found,
      wanted,
      affects,
      fix: `sysctl -w ${name}=${rest.value}`,
    })
  }
  return [
    setting(
      'event-mode',
      'net.netfilter.nf_conntrack_events',
      needs.has('events'),
      (value) => ({
        ok: value !== 0,
        means:
          value === 0
            ? 'nothing is told'
            : value === 1
              ? 'every entry is told of'
              : 'entries that were made while somebody listens are told of, others never are, not even their end',
      }),
      {
        wanted: '1, or 2 with a table that is read by the clock',
        affects: 'Events, and tables that are kept by them',
        value: 1,
      },
    ),
    setting(
      'accounting',
      'net.netfilter.nf_conntrack_acct',
      needs.has('counters'),
      (value) => ({
        ok: value === 1,
        means: value === 1 ? 'packets and bytes are counted' : 'nothing is counted',
      }),
      { wanted: '1', affects: 'Counters of entries that begin from now on', value: 1 },
    ),
    setting(
      'timestamps',
      'net.netfilter.nf_conntrack_timestamp',
      needs.has('timestamps'),
      (value) => ({ ok: value === 1, means: value === 1 ? 'times are kept' : 'no times are kept' }),
      { wanted: '1', affects: 'Times of beginning, of the end and of events', value: 1 },
    ),
    finding('table-size', {
      ok: entries < FULL * maxEntries,
      found: `${entries} of ${maxEntries} entries`,
      wanted: `less than ${100 * FULL}%`,
      affects: 'New flows: a full table drops their packets, and refuses entries with ENOMEM',
      fix: `sysctl -w net.netfilter.nf_conntrack_max=${2 * maxEntries}`,
    }),
    ...checkBuckets(maxEntries),
  ]
}

/** A share of the table that is too much. */
const FULL = 0.9
/** The kernel's own choice has been 1, 4 or 8 entries a bucket. */
const MOST_PER_BUCKET = 8

/** One hash table for all namespaces. */
function checkBuckets(maxEntries: number): Finding[] {
  const buckets = readSysctl('net.netfilter.nf_conntrack_buckets')
  if (buckets === undefined) return []
  return [
    finding('buckets', {
      ok: maxEntries <= MOST_PER_BUCKET * buckets,
      found: `${buckets} buckets for ${maxEntries} entries, in all namespaces together`,
      wanted: `at most ${MOST_PER_BUCKET} entries a bucket`,
      affects: 'The speed of every packet, and of every request about one entry',
      fix: `sysctl -w net.netfilter.nf_conntrack_buckets=${maxEntries}`,
    }),
  ]
}

function insideFix(netns: string | number | undefined): string {
  return typeof netns === 'string'
    ? `Look from inside: nsenter --net=${netns} and this command without netns`
    : 'Look from inside of the namespace'
}
