import { on, start } from '../commands.js'
import type { Scene, Stage } from '../stage.js'
import { LAB } from '../topology.js'

/** (f) Bulk TCP through fish and through the kernel's NAT. Printed, never judged: the machine may be busy. */
export const bulkThroughFish: Scene = {
  letter: 'f',
  title: 'bulk TCP through fish',
  async play(stage) {
    stage.speeds.fish = await measure(stage)
    stage.tell(`${stage.speeds.fish.toFixed(1)} Gbit/s`)
  },
}

/** The other half of (f); plays while the kernel's NAT is in place. */
export const bulkThroughSnat: Scene = {
  letter: 'f',
  title: 'bulk TCP through nft snat, to compare',
  async play(stage) {
    stage.speeds.snat = await measure(stage)
    const { fish = 0, snat } = stage.speeds
    stage.tell(
      `${snat.toFixed(1)} Gbit/s; fish had ${fish.toFixed(1)}, that is ${(fish / snat).toFixed(2)} of it in one run`,
    )
  },
}

async function measure({ seconds }: Stage): Promise<number> {
  const server = start('internet', 'iperf3', '--server', '--one-off', '--forceflush')
  await new Promise((resolve) => server.stdout?.once('data', resolve))
  const text = await on('client', 'iperf3', '--client', LAB.origin, '--time', String(seconds), '--json')
  const result = JSON.parse(text) as { end: { sum_received: { bits_per_second: number } } }
  return result.end.sum_received.bits_per_second / 1e9
}
