import type { Stage } from './protocol.js'

/** What an instance tells about itself. Plain JSON: it travels. */
export interface InstanceStatus {
  pid: number
  generation: number
  state: 'starting' | 'serving' | 'restarting' | 'holding' | 'draining' | 'stopping'
  /** ISO 8601. */
  startedAt: string
  /** What it listens on. */
  sockets: readonly { name: string; kind: string; address: string | object }[]
  /** The names of other descriptors that a successor would get. */
  kept: readonly string[]
  /** Older instances that finish their work. */
  draining: readonly { pid: number; generation: number; sinceMs: number; state?: string | undefined }[]
  /** The restart that runs. */
  restart?: { stage: Stage; pid?: number | undefined; startedAt: string } | undefined
}
