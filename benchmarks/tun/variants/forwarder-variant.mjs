import { startProgram } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { FORWARDER_CORE } from '../../harness/placement.mjs'
import { LAB, placeDevices, startWitnesses } from '../lab.mjs'

const { left, right, between } = LAB

/**
 * A variant that is one program with both devices.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {string} options.title
 * @param {string} options.does
 * @param {() => Promise<string[]>} options.command What comes before the names of devices and networks.
 * @param {() => Promise<string | undefined>} [options.missing]
 * @returns {import('../../harness/variant.mjs').Variant}
 */
export function forwarderVariant({ name, title, does, command, missing }) {
  return {
    name,
    title,
    rules: [does],
    ...(missing && { missing }),
    async start() {
      const sides = [left, right].flatMap(({ device, network }) => [device, network])
      const program = await startProgram(inside(between, [...(await command()), ...sides], FORWARDER_CORE), {
        ready: 'ready',
      })
      await placeDevices()
      const { devices, stop: stopWitnesses } = await startWitnesses()
      return {
        process: { pid: program.pid, devices },
        async stop() {
          await stopWitnesses()
          await program.stop()
          await program.ended()
        },
      }
    },
  }
}
