import { claim } from '../claim.js'
import { on } from '../commands.js'
import type { Scene } from '../stage.js'
import { LAB } from '../topology.js'

/** (a) HTTP, UDP and ping arrive, and the far side saw nothing but the slice. */
export const arrives: Scene = {
  letter: 'a',
  title: 'HTTP, UDP and ping of a client arrive, all from inside the slice',
  async play({ client, capture, tell }) {
    await capture.take()
    const seen = (
      await on('client', 'curl', '--silent', '--show-error', '--max-time', '10', `http://${LAB.origin}/`)
    ).trim()
    tell(`curl http://${LAB.origin}/ → the origin saw ${seen}`)
    const answer = await client.datagram({ host: LAB.origin, port: 7, text: 'hello' })
    tell(`UDP to port 7 → "${answer}"`)
    const ping = await on('client', 'ping', '-c', '3', '-i', '0.2', '-W', '5', LAB.origin)
    tell(`ping → ${ping.match(/\d+ packets transmitted.*loss/)?.[0]}`)
    claim(ping.includes(' 0% packet loss'), 'pings were lost')

    const { packets, sources, unreadable } = await capture.take()
    const strangers = [...sources.keys()].filter((source) => !inSlice(source))
    const kinds = new Set([...sources.keys()].map((source) => source.replace(/ \S+$/, '')))
    tell(`capture on the internet side: ${packets} packets from ${[...sources.keys()].join(', ')}`)
    claim(strangers.length === 0, `packets from outside the slice: ${strangers.join(', ')}`)
    claim(unreadable === 0, `${unreadable} packets could not be read`)
    for (const kind of ['tcp', 'udp', 'echo request']) claim(kinds.has(kind), `the capture saw no ${kind}`)
  },
}

/** True for a captured source like `tcp 198.51.100.10:9003` that lies in the lab's slice. */
export function inSlice(source: string): boolean {
  const { address, first, last } = LAB.slice
  const match = source.match(/ (\S+):(\d+)$/)
  const port = Number(match?.[2])
  return match?.[1] === address && port >= first && port <= last
}
