/**
 * One way to forward, measured in a lab of its own.
 *
 * @typedef {object} Variant
 * @property {string} name
 * @property {string} title What it is, for the report.
 * @property {readonly string[]} rules What it has changed on the machine that forwards, or is told to do there: as
 *   commands or in the words of who changes it.
 * @property {() => Promise<string | undefined>} [missing] Why it cannot run on this machine; undefined: it can.
 * @property {() => Promise<RunningVariant>} start Resolves when packets are forwarded.
 */

/**
 * @typedef {object} RunningVariant
 * @property {import('./process-observer.mjs').Subject} [process] The process that forwards, and its devices; none if the
 *   kernel does, or several processes do.
 * @property {() => Promise<void>} stop Rejects if the process had not run until now, or did not end well.
 */

export {}
