import type { Finding } from './finding.js'

/**
 * Findings as text for people: one line each, aligned; below what is wrong, what it affects and how to fix it.
 *
 * Without colours. The form may change; programs read the findings themselves.
 */
export function formatFindings(findings: readonly Finding[]): string {
  const width = Math.max(0, ...findings.map(({ check }) => check.length))
  const indent = ' '.repeat(width + 8)
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
