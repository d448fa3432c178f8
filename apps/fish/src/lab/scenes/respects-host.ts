import { claim, eventually } from '../claim.js'
import type { Scene } from '../stage.js'
import { LAB } from '../topology.js'

/** (c) What a program of the host holds is never leased. */
export const respectsHost: Scene = {
  letter: 'c',
  title: 'a tuple that a program on the host holds is never leased',
  async play({ client, edge, tell }) {
    const port = 8082
    const { address, first, last } = LAB.slice
    const ofHost: string[] = []
    const hostIds: number[] = []
    for (const localPort of [first + 2, first + 5]) {
      // A port that a client has just used is free when its flow is over.
      const { id, seenAs } = await eventually(() =>
        edge.hold({ host: LAB.origin, port, localAddress: address, localPort }),
      )
      claim(seenAs === `${address}:${localPort}`, `the host's own socket was seen as ${seenAs}`)
      ofHost.push(seenAs)
      hostIds.push(id)
    }
    tell(`the host holds ${ofHost.join(' and ')} towards port ${port}`)
    const ofClient: string[] = []
    const clientIds: number[] = []
    for (let left = last - first + 1 - ofHost.length; left > 0; left--) {
      const { id, seenAs } = await client.hold({ host: LAB.origin, port })
      ofClient.push(seenAs)
      clientIds.push(id)
    }
    tell(
      `the client gets the other ${ofClient.length}: ${ofClient.map((seen) => seen.split(':')[1]).join(', ')}`,
    )
    claim(new Set([...ofHost, ...ofClient]).size === last - first + 1, 'a tuple was given twice')
    for (const id of hostIds)
      claim((await edge.say(id, 'mine')) === 'mine', 'a connection of the host was disturbed')
    tell('and the connections of the host go on')
    for (const id of clientIds) await client.reset(id)
    for (const id of hostIds) await edge.reset(id)
  },
}
