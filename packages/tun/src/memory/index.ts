// A pair of queues in memory, for tests of programs that stand on a TunQueue. Needs neither privileges nor Linux.
export { createMemoryTun, type MemoryTunOptions } from './create-memory-tun.js'
export type { MemoryTun } from './memory-tun.js'
