import { expect, test } from 'vitest'
import { WaitingLine } from './waiting-line.js'

test('who comes first is served first, whoever leaves in between', () => {
  const line = new WaitingLine<number>()
  for (let i = 0; i < 10; i++) line.push(i)
  expect([line.shift(), line.shift(), line.first, line.length]).toEqual([0, 1, 2, 8])
  line.remove(5)
  line.remove(99)
  line.push(10)
  expect([2, 3, 4, 6, 7].map(() => line.shift())).toEqual([2, 3, 4, 6, 7])
  expect(line.takeAll()).toEqual([8, 9, 10])
  expect([line.shift(), line.first, line.length]).toEqual([undefined, undefined, 0])
})
