import { binding } from '../binding.js'

/** What a process needs for itself while it takes in those of another. */
const RESERVE = 16

/** How many more descriptors this process may have, less a few for itself; `Infinity` if there is no limit. */
export function freeDescriptors(): number {
  const { soft, open } = binding().descriptorLimit()
  return Math.max(0, soft - open - RESERVE)
}
