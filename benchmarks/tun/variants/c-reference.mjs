import { compileNativeProgram } from '../../harness/native-program.mjs'
import { forwarderVariant } from './forwarder-variant.mjs'

/**
 * @param {string} offload
 * @param {string} does
 */
const reference = (offload, does) =>
  forwarderVariant({
    name: `c-${offload}`,
    title: `C reference, offload ${offload} (-O2)`,
    does,
    command: async () => [await compileNativeProgram('reference-tun-forwarder'), offload],
  })

export const cOff = reference('off', 'packets of at most the MTU')
export const cRaw = reference('raw', 'super-packets with their virtio headers, passed on as they are')
