import { expect, test } from 'vitest'
import { runCase } from './run-case.js'

interface Told {
  before: number
  after: number
  warnings: { name: string; code: string; message: string; detail: string }[]
}

test('a guard that is forgotten is done when it is collected, and a warning tells where it was made', async () => {
  const { before, after, warnings } = await runCase<Told>('forgetting', 'alone', 'warns')
  expect([before, after]).toEqual([1, 0])
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toMatchObject({ name: 'WaitGroupWarning', code: 'WAITGROUP_FORGOTTEN' })
  expect(warnings[0]?.message).toContain('server/alone')
  expect(warnings[0]?.detail).toContain('forgetting.mjs')
})

test('remembering where it was made does not keep the object that has it', async () => {
  const { after, warnings } = await runCase<Told>('forgetting', 'inside an object', 'warns')
  expect(after).toBe(0)
  expect(warnings[0]?.detail).toContain('Upload.start')
})

test('many that are found together are one warning', async () => {
  const { before, after, warnings } = await runCase<Told>('forgetting', 'many', 'warns')
  expect([before, after]).toEqual([1500, 0])
  expect(warnings.length).toBeLessThan(20)
  expect(warnings[0]?.message).toMatch(/and \d+ more/)
})

test('one that was done, and one that is kept, is not told', async () => {
  expect(await runCase<Told>('forgetting', 'done')).toEqual({ before: 0, after: 0, warnings: [] })
  expect(await runCase<Told>('forgetting', 'kept')).toEqual({ before: 1, after: 1, warnings: [] })
})

test('one that goes with its whole group is told too', async () => {
  const { warnings } = await runCase<Told>('forgetting', 'with its group', 'warns')
  expect(warnings[0]?.message).toContain('gone/both')
})
