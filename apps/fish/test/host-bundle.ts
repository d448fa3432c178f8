import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'tsup'

/** Cases as plain JavaScript, for a child that only knows Node. */
export interface CaseBundle {
  readonly url: URL
  remove(): Promise<void>
}

/** Builds a file of cases with the sources it imports, below node_modules so that packages are found. */
export async function bundleCases(name: string): Promise<CaseBundle> {
  const cache = fileURLToPath(new URL('../node_modules/.cache/', import.meta.url))
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(`${cache}${name}-`)
  const remove = () => rm(directory, { recursive: true, force: true })
  const options = { format: 'esm', target: 'node20', clean: false, silent: true, config: false } as const
  try {
    await build({
      ...options,
      entry: { [name]: fileURLToPath(new URL(`./${name}.ts`, import.meta.url)) },
      outDir: directory,
      outExtension: () => ({ js: '.mjs' }),
    })
  } catch (error) {
    await remove()
    throw error
  }
  return { url: new URL(`${pathToFileURL(directory)}/${name}.mjs`), remove }
}
