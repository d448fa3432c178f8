import type { Transcript } from './transcript.js'
import { waitFor } from './wait-for.js'

/** One end of a veth pair. */
export interface LinkEnd {
  readonly namespace: string
  readonly device: string
  /** With prefix length, such as `192.0.2.1/24` or `2001:db8::1/64`. IPv6 skips duplicate detection. */
  readonly addresses?: readonly string[]
}

/** A veth pair; an end may be written as `'edge:wg0'` or `'edge:wg0 192.0.2.1/24 2001:db8::1/64'`. */
export interface LinkPair {
  readonly a: string | LinkEnd
  readonly b: string | LinkEnd
  /** Of both ends. Default 1,500 bytes. */
  readonly mtu?: number
}

/** A veth pair in one line: namespace, device, address of the one end, then of the other. */
export type LinkLine = readonly [
  namespaceA: string,
  deviceA: string,
  addressA: string,
  namespaceB: string,
  deviceB: string,
  addressB: string,
]

export type Link = LinkPair | LinkLine

interface ResolvedLink {
  readonly ends: readonly [Required<LinkEnd>, Required<LinkEnd>]
  readonly mtu: number | undefined
}

/** Throws `ERR_INVALID_ARG_VALUE` for a link that cannot be understood. */
export function resolveLink(link: Link): ResolvedLink {
  if ('a' in link) return { ends: [resolveEnd(link.a), resolveEnd(link.b)], mtu: link.mtu }
  const [namespaceA, deviceA, addressA, namespaceB, deviceB, addressB] = link
  const a = { namespace: namespaceA, device: deviceA, addresses: [addressA] }
  const b = { namespace: namespaceB, device: deviceB, addresses: [addressB] }
  return { ends: [resolveEnd(a), resolveEnd(b)], mtu: undefined }
}

function resolveEnd(end: string | LinkEnd): Required<LinkEnd> {
  if (typeof end !== 'string') return { addresses: [], ...end }
  const [place = '', ...addresses] = end.trim().split(/\s+/)
  const [namespace, device, ...rest] = place.split(':')
  if (!namespace || !device || rest.length > 0) {
    const error = new RangeError(`the end of a link must read 'namespace:device', not '${place}'`)
    throw Object.assign(error, { code: 'ERR_INVALID_ARG_VALUE' })
  }
  return { namespace, device, addresses }
}

/** Makes the veth pair, gives both ends their addresses, and resolves when both are operational. */
export async function createLink(
  link: ResolvedLink,
  nameOf: (namespace: string) => string,
  transcript: Transcript,
): Promise<void> {
  const [a, b] = link.ends
  const ip = (end: LinkEnd, ...args: string[]) => transcript.run('ip', ['-n', nameOf(end.namespace), ...args])
  const mtu = link.mtu === undefined ? [] : ['mtu', String(link.mtu)]
  const peer = ['peer', 'name', b.device, ...mtu, 'netns', nameOf(b.namespace)]
  await ip(a, 'link', 'add', 'name', a.device, ...mtu, 'type', 'veth', ...peer)
  for (const end of link.ends) {
    for (const address of end.addresses) {
      const flags = address.includes(':') ? ['nodad'] : []
      await ip(end, 'address', 'add', address, 'dev', end.device, ...flags)
    }
    await ip(end, 'link', 'set', 'dev', end.device, 'up')
  }
  for (const end of link.ends) {
    await waitFor(
      async () => {
        const { stdout } = await ip(end, '-json', 'link', 'show', 'dev', end.device)
        return JSON.parse(stdout)[0].operstate === 'UP'
      },
      { message: `${end.namespace}:${end.device} to be up` },
    )
  }
}
