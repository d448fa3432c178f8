import type { Finding } from '../../doctor/finding.js'

/** A line for each finding; below what is wrong, what it affects and how to change it. */
export function findingText(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length))
  const indent = ' '.repeat('WRONG '.length + width + 2)
  return findings
    .map(({ check, ok, found, wanted, affects, fix }) => {
      const start = `${ok ? 'ok   ' : 'WRONG'} ${check.padEnd(width)}  ${found}`
      if (ok) return start
      const lines = [start, `${indent}wanted: ${wanted}`, `${indent}affects: ${affects}`]
      if (fix !== undefined) lines.push(`${indent}fix: ${fix}`)
      return lines.join('\n')
    })
    .join('\n')
}
