import { claim, refusal } from '../claim.js'
import type { Scene } from '../stage.js'
import { LAB } from '../topology.js'

/** (d) Ten ports hold ten flows; the eleventh is refused at once and the ten live on. */
export const exhausts: Scene = {
  letter: 'd',
  title: 'ten ports towards one destination hold exactly ten flows',
  async play({ client, tell }) {
    const port = 8083
    const size = LAB.slice.last - LAB.slice.first + 1
    const held: number[] = []
    const seen = new Set<string>()
    for (let count = 0; count < size; count++) {
      const { id, seenAs } = await client.hold({ host: LAB.origin, port })
      held.push(id)
      seen.add(seenAs)
    }
    claim(seen.size === size, `only ${seen.size} different tuples for ${size} flows`)
    tell(`${size} flows to port ${port} are up, on ${seen.size} different tuples`)
    const startedMs = performance.now()
    const code = await refusal(client.hold({ host: LAB.origin, port }), 'the eleventh flow')
    const tookMs = Math.round(performance.now() - startedMs)
    tell(
      `the eleventh: ${code} after ${tookMs} ms (an ICMP error; without one, the first retry of TCP comes after 1000 ms)`,
    )
    claim(code === 'EHOSTUNREACH', `the client was told ${code}`)
    for (const id of held) claim((await client.say(id, 'alive')) === 'alive', 'a live flow was disturbed')
    tell('and the ten live on')
    for (const id of held) await client.reset(id)
  },
}
