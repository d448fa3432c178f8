import { expect, test } from 'vitest'
import { isTfoSocketError, TfoSocketError } from './tfo-socket-error.js'

test('an error has the properties that apply, and no others', () => {
  const error = new TfoSocketError('refused', { code: 'EPERM', errno: -1, syscall: 'socket' })
  expect(error).toBeInstanceOf(Error)
  expect(Object.keys(error).sort()).toEqual(['code', 'errno', 'full', 'name', 'syscall'])
  expect(error.full).toBe(false)
})

test('an error of another copy of the package is recognised, and nothing else is', () => {
  const foreign = Object.assign(new Error('refused'), {
    [Symbol.for('@slatfatf/tfo-socket/TfoSocketError')]: true,
  })
  expect(isTfoSocketError(foreign)).toBe(true)
  expect(isTfoSocketError(new TfoSocketError('refused', { code: 'EPERM' }))).toBe(true)
  for (const other of [new Error('refused'), undefined, null, 'EPERM', { code: 'EPERM' }]) {
    expect(isTfoSocketError(other)).toBe(false)
  }
})

test('the cause is kept', () => {
  const cause = new Error('below')
  expect(new TfoSocketError('refused', { code: 'EIO', cause }).cause).toBe(cause)
})
