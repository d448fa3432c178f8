import type { HandoverEnvironment } from './environment.js'
import { stateFailed } from './failures.js'
import type { HandoverState } from './incumbent.js'
import type { Trouble } from './trouble.js'

/** Lets the application save, within a bound; `signal` fires for a `save` whose result is not wanted any more. */
export async function saveState(
  save: (signal: AbortSignal) => Promise<HandoverState>,
  { timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number },
  environment: HandoverEnvironment,
  trouble: Trouble,
): Promise<HandoverState> {
  const abort = new AbortController()
  const cancel = environment.timer(timeoutMs, () => {
    trouble.raise(stateFailed(`save() was not done within ${timeoutMs} ms`))
  })
  let state: HandoverState
  try {
    state = await trouble.guard(save(abort.signal))
  } catch (error) {
    abort.abort()
    if (error === trouble.first) throw error
    throw stateFailed((error as Error).message, error)
  } finally {
    cancel()
  }
  const size = state.bytes.byteLength
  if (size > maxBytes) throw stateFailed(`it has ${size} bytes, state.maxBytes is ${maxBytes}`)
  return state
}
