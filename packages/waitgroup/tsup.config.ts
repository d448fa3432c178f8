import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.js'

export default defineConfig({
  ...packageBuild,
  entry: { index: 'src/index.ts' },
  // Programs without the types of Node do not know Disposable otherwise.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  // The shims import from Node, and this package runs in browsers too.
  shims: false,
  platform: 'neutral',
})
