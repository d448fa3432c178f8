import { defineConfig } from 'tsup'
import { packageBuild } from '../../tsup.base.js'

export default defineConfig({
  ...packageBuild,
  // One copy of what the entry points share, in CommonJS too.
  splitting: true,
  entry: {
    index: 'src/index.ts',
    systemd: 'src/systemd/index.ts',
    'fake-manager': 'src/fake-manager/index.ts',
    // The process of openCompanion.
    'companion-program': 'src/park/companion-program.ts',
    // The program of bin/.
    cli: 'src/cli/restart.ts',
  },
  // Nobody imports the programs.
  dts: {
    entry: {
      index: 'src/index.ts',
      systemd: 'src/systemd/index.ts',
      'fake-manager': 'src/fake-manager/index.ts',
    },
  },
})
