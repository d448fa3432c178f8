import type { InstanceStatus } from '../coordination/instance-status.js'
import type { Lifecycle } from './lifecycle.js'

export function statusOf(
  { pid, generation }: { pid: number; generation: number },
  { succession, belongings, estate, isEnding }: Lifecycle,
  startedAt: Date,
): InstanceStatus {
  const { state, current } = succession
  const now = performance.now()
  return {
    pid,
    generation,
    state: isEnding && state !== 'draining' ? 'stopping' : state,
    startedAt: startedAt.toISOString(),
    sockets: belongings.sockets.map(({ name, kind, address }) => ({ name, kind, address })),
    kept: [...belongings.kept.kept.keys()],
    draining: estate.generations.all.map((older) => ({
      pid: older.pid,
      generation: older.generation,
      sinceMs: Math.round(now - older.since),
      state: older.report === undefined ? 'draining' : 'ended',
    })),
    ...(current && { restart: { ...current, startedAt: current.startedAt.toISOString() } }),
  }
}
