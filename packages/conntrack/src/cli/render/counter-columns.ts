import type { CpuStatistics, ExpectationCpuStatistics } from '../../flow/statistics.js'
import type { Column } from './table.js'

/** A column for each counter that this kernel has, in the order in which it tells them. */
export function counterColumns<T extends CpuStatistics | ExpectationCpuStatistics>(
  rows: readonly T[],
): Column<T>[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row) as (keyof T & string)[]))
  return [...names].map((name) => ({
    name: name.replaceAll(/[A-Z]/g, '-$&').toUpperCase(),
    width: 0,
    align: 'right',
    value: (row) => row[name] as number | undefined,
  }))
}
