/**
 * What one of those that are compared can do; each waits until all of it is done.
 *
 * @typedef {object} Side
 * @property {(count: number) => unknown} [count] Counts up as often, and down again.
 * @property {(count: number) => unknown} [guard] Makes as many tokens, and gives them back.
 * @property {(work: () => Promise<void>, count: number) => unknown} [go] Starts the function as often.
 * @property {(work: () => Promise<void>, count: number) => unknown} [track] The same, but takes the promises.
 */

export {}
