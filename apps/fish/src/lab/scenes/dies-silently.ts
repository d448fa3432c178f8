import { setTimeout as delay } from 'node:timers/promises'
import { claim } from '../claim.js'
import { on } from '../commands.js'
import { FishProcess } from '../fish-process.js'
import { difference, snapshotHost } from '../snapshot.js'
import type { Scene } from '../stage.js'
import { LAB } from '../topology.js'

/** How long the far side keeps sending into the silence. */
const SILENCE_MS = 2000

/** (g) kill -9 in mid-flow: not one answer for the slice; a start and a stop later nothing is left. */
export const diesSilently: Scene = {
  letter: 'g',
  title: 'kill -9 in mid-flow: the host stays silent; after start and stop nothing is left behind',
  async play(stage) {
    const { client, capture, tell } = stage
    const { address, first, last } = LAB.slice
    const { id, seenAs } = await client.hold({ host: LAB.origin, port: 8084 })
    await client.say(id, 'in the middle of something')
    await stage.fish.kill()
    await capture.take()
    tell(`fishd was killed while ${seenAs} was talking; the internet keeps sending to the whole slice`)
    await on('internet', 'sh', '-c', knockOn(address, first, last))
    await delay(SILENCE_MS)
    const { packets, sources, resets } = await capture.take()
    tell(`capture on the internet side: ${packets} packets, ${resets} of them resets`)
    claim(packets === 0, `the host answered: ${[...sources.keys()].join(', ')}`)

    stage.fish = await FishProcess.start()
    const seen = (await on('client', 'curl', '--silent', '--max-time', '10', `http://${LAB.origin}/`)).trim()
    tell(`started again: curl works, seen as ${seen}`)
    // The silence was worth something only if the capture would have heard an answer.
    claim((await capture.take()).packets > 0, 'the capture was deaf')
    claim((await stage.fish.stop()) === 0, 'fishd did not stop cleanly')
    const leftovers = difference(stage.before, await snapshotHost((...command) => on('edge', ...command)))
    claim(leftovers.length === 0, `something was left behind:\n${leftovers.join('\n')}`)
    tell('stopped: rules, routes, addresses, nft and sysctls are as they were')
  },
}

/** A shell program that sends a datagram and a SYN to each port of the slice and waits for no answer. */
function knockOn(address: string, first: number, last: number): string {
  return `for port in $(seq ${first} ${last}); do
    bash -c "echo knock > /dev/udp/${address}/$port" 2>/dev/null
    timeout 0.1 bash -c ": > /dev/tcp/${address}/$port" 2>/dev/null
  done; true`
}
