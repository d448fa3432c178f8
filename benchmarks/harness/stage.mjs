/**
 * Makes the command of the side that is measured, from the arguments that all sides take.
 *
 * @typedef {(words: readonly string[]) => string[]} Side
 */

/** @type {Side | undefined} */
let current

/**
 * The rounds start a variant and then run a load. This is where the load finds whom it has to measure.
 *
 * @param {Side} side
 */
export function enterStage(side) {
  current = side
}

export function leaveStage() {
  current = undefined
}

export function sideOnStage() {
  if (current === undefined) throw new Error('nobody is being measured')
  return current
}
