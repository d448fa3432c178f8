import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { PublishedPackage } from './published-packages.js'

/** What `npm pack` made. */
export interface Tarball {
  path: string
  sizeBytes: number
  files: string[]
}

/** Packs a workspace into a folder, as `npm publish` would. */
export function pack({ directory }: PublishedPackage, destination: string): Tarball {
  const printed = execFileSync('npm', ['pack', '--json', '--pack-destination', destination], {
    cwd: directory,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [{ filename, size, files }] = JSON.parse(printed.slice(printed.indexOf('['))) as [
    { filename: string; size: number; files: { path: string }[] },
  ]
  return { path: join(destination, filename), sizeBytes: size, files: files.map(({ path }) => path).sort() }
}
