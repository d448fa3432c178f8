import { type Family, type Outcomes, outcomeKey } from './measure.js'
import { type Group, type RefusalTable, type Rival, refusalTables } from './tables.js'

const families: readonly Family[] = ['IPv4', 'IPv6']

/** How the tables say what the kernel said; anything else is shown as it is. */
const words: Readonly<Record<string, string>> = {
  allowed: 'gets it',
  'EADDRINUSE bind': 'in use',
  'EADDRNOTAVAIL connect': 'not available',
}

/** The tables in Markdown. A cell whose members or families disagree names them, so that nothing is smoothed over. */
export function renderRefusals(outcomes: Outcomes): string {
  return refusalTables.map((table) => renderTable(table, outcomes)).join('\n\n')
}

function renderTable({ corner, holders, rivals }: RefusalTable, outcomes: Outcomes): string {
  const head = [corner, ...rivals.map(({ title }) => title)]
  const rows = holders.map((holder) => [
    holder.title,
    ...rivals.map((rival) => renderCell(holder, rival, outcomes)),
  ])
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)))
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

function renderCell(holder: Group<string>, rival: Group<Rival>, outcomes: Outcomes): string {
  const said = new Map<string, string[]>()
  for (const family of families) {
    for (const held of holder.members) {
      for (const member of rival.members) {
        const outcome = outcomes.get(outcomeKey(family, held, member)) ?? 'unknown'
        const word = words[outcome] ?? outcome
        said.set(word, [...(said.get(word) ?? []), `${family} ${held} / ${member.join(' ')}`])
      }
    }
  }
  if (said.size === 1) return [...said.keys()][0]!
  return [...said].map(([word, pairs]) => `${word} (${pairs.join(', ')})`).join('; ')
}
