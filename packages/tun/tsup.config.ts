import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.js'

export default defineConfig({
  ...packageBuild,
  entry: {
    index: 'src/index.ts',
    checksum: 'src/checksum/index.ts',
    offload: 'src/offload/index.ts',
    memory: 'src/memory/index.ts',
    pcap: 'src/pcap/index.ts',
  },
})
