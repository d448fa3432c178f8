import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.js'

export default defineConfig({
  ...packageBuild,
  entry: { index: 'src/index.ts' },
  // The shims import from Node, and this package runs in browsers too.
  shims: false,
  platform: 'neutral',
})
