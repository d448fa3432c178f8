import { join } from 'node:path'
import { findNpmPackage, NPM_PACKAGE } from '../npm-package.mjs'
import { forwarderVariant } from './forwarder-variant.mjs'

const PROGRAM = join(import.meta.dirname, '../npm-forwarder.mjs')
const { version, folder, missing } = await findNpmPackage()

export const npm = forwarderVariant({
  name: 'npm',
  title: `npm's ${NPM_PACKAGE} ${version}`.trimEnd(),
  does: `read() and write() of ${NPM_PACKAGE}@${version} on Node ${process.version}, one packet a call, asked again in every turn of the event loop`,
  missing: async () => missing,
  command: async () => [process.execPath, PROGRAM, folder],
})
