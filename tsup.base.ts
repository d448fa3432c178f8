import type { Options } from 'tsup'

/** What every published package builds: ESM, CJS and types for Node 20. */
export const packageBuild: Options = {
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  clean: true,
  sourcemap: true,
  target: 'node20',
  shims: true,
  removeNodeProtocol: false,
  // Stack traces name files and lines; the text of the sources would double the tarball.
  esbuildOptions(options) {
    options.sourcesContent = false
  },
}
