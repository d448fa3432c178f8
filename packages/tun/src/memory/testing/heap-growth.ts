import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/**
 * Bytes that the JavaScript heap grows by while `run` runs, garbage included. Keep what one run may leave well below the young generation
 * (16 MiB), or it is collected and not seen.
 */
export function heapGrowth(run: () => void): number {
  collect()
  const before = process.memoryUsage().heapUsed
  run()
  return process.memoryUsage().heapUsed - before
}
