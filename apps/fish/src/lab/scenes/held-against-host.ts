import { claim, refusal } from '../claim.js'
import type { Scene } from '../stage.js'
import { LAB } from '../topology.js'

/** (b) A program of the host cannot take a tuple that fish has leased. */
export const heldAgainstHost: Scene = {
  letter: 'b',
  title: 'a program on the host that tries a leased tuple is refused',
  async play({ client, edge, tell }) {
    const port = 8081
    const leased = await client.hold({ host: LAB.origin, port })
    const [localAddress, localPort] = leased.seenAs.split(':') as [string, string]
    tell(`the client's connection to port ${port} leaves as ${leased.seenAs}`)
    const code = await refusal(
      edge.hold({ host: LAB.origin, port, localAddress, localPort: Number(localPort) }),
      `a socket on ${leased.seenAs}`,
    )
    tell(`the host tries the same tuple with an ordinary socket → ${code}`)
    claim(code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL', `it failed for another reason: ${code}`)
    claim(
      (await client.say(leased.id, 'still here?')) === 'still here?',
      'the connection of the client was disturbed',
    )
    tell('and the connection of the client goes on')
    await client.reset(leased.id)
  },
}
