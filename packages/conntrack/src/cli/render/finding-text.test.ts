import { expect, test } from 'vitest'
import { findingText } from './finding-text.js'

test('what is right is one line; below what is wrong stands what it affects and how to change it', () => {
  const text = findingText([
    { check: 'capability', ok: true, found: 'requests are answered', wanted: 'it', affects: 'all' },
    {
      check: 'nat',
      ok: false,
      found: 'no chain',
      wanted: 'a chain',
      affects: 'nothing is moved',
      fix: 'nft x',
    },
    { check: 'nat', ok: false, found: 'no chain', wanted: 'a chain', affects: 'nothing is moved' },
  ])
  expect(text).toBe(
    `
ok    capability  requests are answered
WRONG nat         no chain
                  wanted: a chain
                  affects: nothing is moved
                  fix: nft x
WRONG nat         no chain
                  wanted: a chain
                  affects: nothing is moved`.slice(1),
  )
})
