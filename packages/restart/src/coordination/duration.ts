import { checkInteger } from '../errors/invalid-argument.js'

/** The longest delay that timers of Node take: a longer one would end at once. */
export const MAX_DURATION_MS = 2_147_483_647

/** Throws unless `value` is a duration that a timer can wait for. */
export function checkDuration(name: string, value: unknown): asserts value is number {
  checkInteger(name, value, MAX_DURATION_MS)
}
