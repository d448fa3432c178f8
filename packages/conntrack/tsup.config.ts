import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.js'

export default defineConfig({
  ...packageBuild,
  // The program shares all code with the library.
  splitting: true,
  entry: { index: 'src/index.ts', cli: 'src/cli/nf-conntrack.ts' },
  dts: { entry: { index: 'src/index.ts' } },
})
