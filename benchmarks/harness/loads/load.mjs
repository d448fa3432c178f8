/**
 * One kind of traffic.
 *
 * @typedef {object} Load
 * @property {string} name Also the first half of the names of its ratios.
 * @property {string} title
 * @property {string} conditions What the figure depends on besides the machine.
 * @property {string} unit
 * @property {number} scale Divides a rate into `unit`.
 * @property {number} digits Shown behind the point.
 * @property {(options: { seconds: number, during: During }) => Promise<LoadResult>} run
 */

/**
 * What a load delivered, and what else is worth keeping. A load that delivered nothing rejects.
 *
 * @typedef {{ rate: number, details: Record<string, number> }} LoadResult
 */

/**
 * Told by the load at the beginning and at the end of the time it measures.
 *
 * @typedef {{ begin: () => Promise<void>, end: () => Promise<void> }} During
 */

export {}
