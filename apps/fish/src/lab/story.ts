import { once } from 'node:events'
import { styleText } from 'node:util'
import { forkOn, on } from './commands.js'
import { FishProcess } from './fish-process.js'
import { startActor } from './remote-actor.js'
import { startCapture } from './remote-capture.js'
import { arrives } from './scenes/arrives.js'
import { bulkThroughFish, bulkThroughSnat } from './scenes/bulk-speed.js'
import { diesSilently } from './scenes/dies-silently.js'
import { exhausts } from './scenes/exhausts.js'
import { heldAgainstHost } from './scenes/held-against-host.js'
import { respectsHost } from './scenes/respects-host.js'
import { snatRewrites } from './scenes/snat-rewrites.js'
import { snapshotHost } from './snapshot.js'
import type { Scene, Stage } from './stage.js'
import { buildTopology } from './topology.js'

/** In the order in which each leaves the hosts as the next one wants them. */
const SCENES: readonly Scene[] = [
  arrives,
  heldAgainstHost,
  respectsHost,
  exhausts,
  bulkThroughFish,
  diesSilently,
  snatRewrites,
  bulkThroughSnat,
]

/** Plays all scenes and returns how many claims failed. Every scene is played, whatever became of those before it. */
export async function playStory(seconds: number): Promise<number> {
  const tell = (line: string): void => console.log(`      ${line}`)
  console.log('building three hosts: client ─ edge ─ internet')
  await buildTopology()
  const origin = forkOn('internet', new URL('./lab-origin.js', import.meta.url))
  await once(origin, 'message')
  const [client, edge, capture] = await Promise.all([
    startActor('client'),
    startActor('edge'),
    startCapture(),
  ])
  const before = await snapshotHost((...command) => on('edge', ...command))
  console.log('starting fishd on the edge, with the ten-port slice 198.51.100.10:9000-9009\n')
  const stage: Stage = {
    client,
    edge,
    capture,
    fish: await FishProcess.start(),
    before,
    seconds,
    speeds: {},
    tell,
  }

  let failures = 0
  try {
    for (const scene of SCENES) if (!(await playScene(scene, stage))) failures++
  } finally {
    await stage.fish.stop()
    await capture.stop()
    client.stop()
    edge.stop()
    origin.kill()
  }
  console.log(failures === 0 ? 'every claim held' : `${failures} claim(s) failed`)
  return failures
}

async function playScene({ letter, title, play }: Scene, stage: Stage): Promise<boolean> {
  console.log(styleText('bold', `(${letter}) ${title}`))
  try {
    await play(stage)
    console.log(styleText('green', '      holds\n'))
    return true
  } catch (error) {
    console.log(styleText('red', `      FAILED: ${error instanceof Error ? error.message : String(error)}\n`))
    return false
  }
}
