import { expect, test } from 'vitest'
import { parseCommandLine } from './command-line.js'

test.each([
  [[], 'restart'],
  [['restart'], 'restart'],
  [['--json', 'restart', '-q'], 'restart'],
  [['status'], 'status'],
  [['restart', 'status', '--json'], 'status'],
  [['restart', 'stop', '--drain-timeout', '1s'], 'stop'],
  [['restart', 'restart'], 'restart'],
])('%j is %s', (words, command) => {
  expect(parseCommandLine(words, true).command).toBe(command)
})

test.each([
  [['dance'], "no command 'dance'; there are restart, status, stop, rollback, ping"],
  [['restart', 'dance'], "no command 'dance'"],
  [['status', 'ping'], "'ping' is one word too many"],
  [['restart', 'status', 'ping'], "'ping' is one word too many"],
  [['--dance'], "Unknown option '--dance'"],
  [['--timeout'], "Option '-t, --timeout <value>' argument missing"],
  [['--json=yes'], "Option '--json' does not take an argument"],
  [['status', '--busy', 'wait'], "--busy says nothing to 'status'"],
  [['-t', '1s', '--timeout', '2s'], '--timeout is given twice'],
])('%j is wrong use', (words, message) => {
  expect(() => parseCommandLine(words, true)).toThrow(
    expect.objectContaining({ code: 'ERR_RESTART_USAGE', message: expect.stringContaining(message) }),
  )
})

test('an application has neither the options nor the version of the program', () => {
  for (const word of ['--socket=x', '--validate=x', '--version']) {
    expect(() => parseCommandLine([word], false)).toThrow('Unknown option')
  }
})
