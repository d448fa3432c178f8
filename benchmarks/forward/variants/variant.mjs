/**
 * One way to forward, measured in a lab of its own.
 *
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} title What it is, for the report.
 * @property {readonly string[]} rules What it has changed on edge, as commands or in the words of who changes it.
 * @property {() => Promise<RunningVariant>} start Resolves when edge forwards.
 */

/**
 * @typedef {object} RunningVariant
 * @property {{ pid: number, device: string }} [process] The process that forwards, and its device; none if the kernel does.
 * @property {() => Promise<void>} stop Rejects if the process had not run until now, or did not end well.
 */

export {}
