import { defineConfig } from 'tsup'

export default defineConfig({
  entry: { fishd: 'src/cli/fishd.ts', worker: 'src/forward/worker.ts' },
  format: ['esm'],
  clean: true,
  sourcemap: true,
  target: 'node20',
  removeNodeProtocol: false,
})
