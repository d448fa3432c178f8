import { setTimeout as delay } from 'node:timers/promises'

/** A claim of the lab turned out not to be so. */
export class ClaimFailed extends Error {
  override readonly name = 'ClaimFailed'
}

/** Fails the scene unless the claim holds. */
export function claim(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new ClaimFailed(otherwise)
}

/** Code of the error that the promise rejects with; fails the scene when it does not reject. */
export async function refusal(attempt: Promise<unknown>, what: string): Promise<string> {
  try {
    await attempt
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
  throw new ClaimFailed(`${what} was not refused`)
}

/** Tries again until it works, for at most ten seconds. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (tries === 100) throw error
      await delay(100)
    }
  }
}
