import { expect, test } from 'vitest'
import { reportText } from './report-text.js'

test('a clean end says so in a line', () => {
  expect(reportText({ clean: true, durationMs: 12, cut: [], left: [], pending: [], failures: [] })).toBe(
    'the instance ends after 12 ms, all its work is done',
  )
})

test('what was cut, what is unfinished and what failed has a line each', () => {
  const report = {
    clean: false,
    cut: [{ kind: 'request', name: 'web', count: 2 }],
    left: [{ name: 'mail' }],
    pending: [{ name: 'queue', what: ['job 7', 'job 8'] }],
    failures: [{ name: 'flush', phase: 'polite' }],
  }
  expect(reportText(report).split('\n')).toEqual([
    'the instance ends',
    'cut off    2 request of web',
    'unfinished mail',
    'unfinished queue: job 7, job 8',
    'failed     flush (polite)',
  ])
})

test('what another version sends in other shapes is left out', () => {
  expect(reportText({ clean: 1, cut: 'all', pending: [3], failures: {} })).toBe('the instance ends')
})
