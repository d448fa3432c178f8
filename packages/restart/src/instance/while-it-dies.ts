import { setTimeout as delay } from 'node:timers/promises'

/** The kernel closes what a killed process had one after the other: its channel may end before its sockets do. */
const BOUND_MS = 5_000
const RETRY_MS = 5

/** Opens what a process had that has just died; `codes` say that it is not gone yet. */
export async function whileItDies<T>(codes: readonly string[], open: () => Promise<T>): Promise<T> {
  const end = performance.now() + BOUND_MS
  for (;;) {
    try {
      return await open()
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (!codes.includes(code) || performance.now() >= end) throw error
    }
    await delay(RETRY_MS)
  }
}
