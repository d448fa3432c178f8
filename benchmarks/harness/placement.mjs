/** The core of the forwarder, with all threads it has. What the kernel forwards has no process to place. */
export const FORWARDER_CORE = 1

/** The core of the process that sends. It also pays for the kernel's way of its packets up to the first queue. */
export const SENDER_CORE = 0

/** In words, printed with the figures. The receiver is left alone: pinned anywhere, it would favour one variant. */
export const PLACEMENT = `forwarder on core ${FORWARDER_CORE}, sender on core ${SENDER_CORE}, receiver wherever the scheduler puts it`
