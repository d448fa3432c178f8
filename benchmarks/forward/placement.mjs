/** The core of the forwarder, with all threads it has. Kernel snat has no process to place. */
export const FORWARDER_CORE = 1

/** The core of the process that sends. On veth it also pays for the receive path of edge, up to the TUN queue. */
export const SENDER_CORE = 0

/** In words, printed with the figures. The receiver is left alone: pinned anywhere, it would favour one variant. */
export const PLACEMENT = `forwarder on core ${FORWARDER_CORE}, sender on core ${SENDER_CORE}, receiver wherever the scheduler puts it`
