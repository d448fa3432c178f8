import { expect, test } from 'vitest'
import { type Column, Table } from './table.js'

const columns: Column<{ name: string; count?: bigint }>[] = [
  { name: 'NAME', width: 6, value: ({ name }) => name },
  { name: 'COUNT', width: 0, align: 'right', value: ({ count }) => count },
  { name: 'LAST', width: 0, value: () => 'x' },
]

test('columns are aligned, what is absent is a dash, and zero is zero', () => {
  expect(new Table(columns, { header: true }).lines([{ name: 'a', count: 0n }, { name: 'b' }])).toBe(
    `
NAME    COUNT  LAST
a           0  x
b           -  x`.slice(1),
  )
})

test('a column grows with what comes later, and stays so', () => {
  const table = new Table(columns, { header: false })
  expect(table.lines([{ name: 'a' }])).toBe('a           -  x')
  expect(table.lines([{ name: 'something' }])).toBe('something      -  x')
  expect(table.lines([{ name: 'a' }])).toBe('a              -  x')
})

test('the header comes once, even if nothing else does', () => {
  const table = new Table(columns, { header: true })
  expect(table.lines([])).toBe('NAME    COUNT  LAST')
  expect(table.lines([])).toBe('')
})
