import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.js'

export default defineConfig({
  ...packageBuild,
  // One copy of what the entry points share, in CommonJS too.
  splitting: true,
  entry: {
    index: 'src/index.ts',
    fake: 'src/fake/index.ts',
  },
})
