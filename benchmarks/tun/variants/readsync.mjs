import { join } from 'node:path'
import { forwarderVariant } from './forwarder-variant.mjs'

const PROGRAM = join(import.meta.dirname, '../readsync-forwarder.mjs')

export const readsync = forwarderVariant({
  name: 'readsync',
  title: 'fs.readSync and fs.writeSync on the descriptors',
  does: 'one packet a call, at most 256 in a turn of the event loop, until EAGAIN is thrown; the stack is not recorded',
  command: async () => [process.execPath, PROGRAM],
})
