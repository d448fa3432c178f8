import { join } from 'node:path'
import { npmPackages } from '../harness/npm-package.mjs'

/** The newest of p-queue that runs on Node 20, and the WaitGroup of npm that is used most. Pinned. */
export const P_QUEUE = 'p-queue@9.3.5'
export const JPWILLIAMS = '@jpwilliams/waitgroup@2.1.1'

export const { install: installNpmPackages, find: findNpmPackages } = npmPackages({
  benchmark: 'waitgroup',
  packages: [P_QUEUE, JPWILLIAMS],
  probe: join(import.meta.dirname, 'probe.mjs'),
})
