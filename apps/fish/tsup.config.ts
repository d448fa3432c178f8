import { defineConfig } from 'tsup'

export default defineConfig({
  // Programs that start as processes or threads of their own; everything else is a shared chunk.
  entry: {
    fishd: 'src/cli/fishd.ts',
    worker: 'src/forward/worker.ts',
    'lab-actor': 'src/lab/actor.ts',
    'lab-capture': 'src/lab/capture.ts',
    'lab-origin': 'src/lab/origin.ts',
  },
  format: ['esm'],
  clean: true,
  sourcemap: true,
  target: 'node20',
  removeNodeProtocol: false,
})
