import { join } from 'node:path'
import { npmPackages } from '../harness/npm-package.mjs'

/** The one netlink package of npm that does more than open a socket. Pinned; its tarball has binaries. */
export const NPM_PACKAGE = 'netlink@0.3.0'

export const { install: installNpmPackage, find: findNpmPackage } = npmPackages({
  benchmark: 'conntrack',
  packages: [NPM_PACKAGE],
  probe: join(import.meta.dirname, 'npm-side.mjs'),
})
