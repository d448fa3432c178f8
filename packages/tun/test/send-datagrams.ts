import { fileURLToPath } from 'node:url'
import type { Lab } from '@slatfatf/netns'

/** What arrived of the datagrams that were sent; `intact` if each was there, whole, and in its turn. */
export interface Datagrams {
  received: number
  intact: boolean
}

/**
 * Sends `calls` times `segments` datagrams of `bytes`, each call's in one piece that the kernel cuts (UDP_SEGMENT), from `host` to `peer`,
 * which the reader of the device turns back to `host`. The last of each call is shorter than the others.
 */
export async function sendDatagrams(
  lab: Lab,
  [host, peer]: readonly [host: string, peer: string],
  { calls = 20, segments = 30, bytes = 1000 } = {},
): Promise<Datagrams> {
  const script = fileURLToPath(new URL('./cases/udp-segments.py', import.meta.url))
  const { stdout } = await lab.exec('a', 'python3', [
    script,
    host,
    peer,
    ...[calls, segments, bytes].map(String),
  ])
  return JSON.parse(stdout)
}
