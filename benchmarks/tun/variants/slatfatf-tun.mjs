import { join } from 'node:path'
import { forwarderVariant } from './forwarder-variant.mjs'

const PROGRAM = join(import.meta.dirname, '../forwarder.mjs')

/**
 * @param {string} offload
 * @param {string} does
 */
const ours = (offload, does) =>
  forwarderVariant({
    name: `ours-${offload}`,
    title: `@slatfatf/tun, offload ${offload}`,
    does,
    command: async () => [process.execPath, PROGRAM, offload],
  })

export const oursOff = ours('off', 'packets of at most the MTU')
export const oursSplit = ours(
  'split',
  'super-packets for the kernel, cut on reading and merged on writing by the package',
)
export const oursRaw = ours('raw', 'super-packets with their virtio headers, passed on as they are')
