import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startProgram } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { FORWARDER_CORE } from '../../harness/placement.mjs'
import { LAB } from '../lab.mjs'

const { slice, clientInterface } = LAB
const FISHD = join(import.meta.dirname, '../../../apps/fish/bin/fishd.js')
const DEVICE = 'fishtun'

/** JSON is YAML. @param {string} stateDirectory */
const configuration = (stateDirectory) => ({
  device: { name: DEVICE, offload: 'auto' },
  clients: [{ interface: clientInterface }],
  slices: [{ address: slice.address, ports: `${slice.first}-${slice.last}` }],
  host: { widenPortRange: false },
  limits: { flows: 4096, flowsPerClient: 4096, newFlowsPerSecondPerClient: 4096 },
  state: { directory: stateDirectory },
  restart: { socket: join(stateDirectory, 'restart.sock') },
  stop: { quietMs: 0 },
})

/** @type {import('../../harness/variant.mjs').Variant} */
export const fish = {
  name: 'fish',
  title: 'fishd run',
  rules: [
    'installed and removed by fishd itself',
    `configuration: ${JSON.stringify(configuration('STATE'))}`,
  ],
  async start() {
    const directory = await mkdtemp('/run/fish-')
    const file = join(directory, 'fish.yaml')
    await writeFile(file, JSON.stringify(configuration(directory)))
    const command = [process.execPath, FISHD, 'run', '--config', file]
    const program = await startProgram(inside('edge', command, FORWARDER_CORE), { ready: '"msg":"ready"' })
    return {
      process: { pid: program.pid, devices: [{ name: DEVICE, seenBy: program.pid }] },
      async stop() {
        await program.stop()
        await program.ended()
      },
    }
  },
}
