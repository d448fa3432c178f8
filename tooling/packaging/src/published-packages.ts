import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** A workspace that goes to npm. */
export interface PublishedPackage {
  name: string
  directory: string
  native: boolean
  manifest: { scripts?: Record<string, string>; gypfile?: boolean; exports: unknown }
}

/** Every workspace that is not private. */
export function publishedPackages(): PublishedPackage[] {
  return ['packages', 'apps'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((entry) => {
      const directory = join(root, folder, entry)
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'))
      const native = existsSync(join(directory, 'native/binding.gyp'))
      return { name: manifest.name as string, directory, native, manifest }
    }),
  )
}
