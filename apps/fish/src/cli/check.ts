import { EXIT } from './exit-status.js'
import { readyConfig } from './ready-config.js'

/** `fishd check`: says whether `fishd run` would start here with this configuration. */
export async function check(file: string): Promise<number> {
  const config = await readyConfig(file)
  if (typeof config === 'number') return config
  console.log(`${file}: ready to run with ${config.slices.length} slice(s)`)
  return EXIT.ok
}
