import { createReservationLab, families } from '../reservation-lab.js'
import { type RefusalTable, type Rival, refusalTables } from './tables.js'

export type Family = (typeof families)[number]['family']

/** What the kernel said in each pair: `allowed`, or the error and the call. */
export type Outcomes = ReadonlyMap<string, string>

export function outcomeKey(family: Family, holder: string, rival: Rival): string {
  return [family, holder, ...rival].join('|')
}

/**
 * Asks the running kernel about every pair of the tables, over IPv4 and IPv6: one process of a namespace holds, another
 * one tries, on a port of their own.
 */
export async function measureRefusals(): Promise<Outcomes> {
  const { lab } = await createReservationLab()
  try {
    const cases = new URL('../cases/holders-and-rivals.mjs', import.meta.url)
    const [holding, trying, serving] = await Promise.all([
      lab.enter('host', cases),
      lab.enter('host', cases),
      lab.enter('origin', cases),
    ])
    for (const { origin } of families) await serving.call('serve', origin)
    const outcomes = new Map<string, string>()
    for (const table of refusalTables) {
      for (const [family, holder, rival] of pairsOf(table)) {
        const ends = { ...family, port: 9000 + (outcomes.size % 1000) }
        await holding.call('hold', holder, ends)
        const said = await trying.call<string>('attempt', rival[0], ends, rival[1])
        outcomes.set(outcomeKey(family.family, holder, rival), said)
        await holding.call('letGo')
      }
    }
    return outcomes
  } finally {
    await lab.close()
  }
}

function pairsOf({ holders, rivals }: RefusalTable): [(typeof families)[number], string, Rival][] {
  return families.flatMap((family) =>
    holders
      .flatMap(({ members }) => members)
      .flatMap((holder) =>
        rivals
          .flatMap(({ members }) => members)
          .map((rival): [(typeof families)[number], string, Rival] => [family, holder, rival]),
      ),
  )
}
