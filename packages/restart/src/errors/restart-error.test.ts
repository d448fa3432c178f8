import { expect, test } from 'vitest'
import { errnoError, isRestartError, RestartError, systemError } from './restart-error.js'

test('an errno becomes its name, whatever its sign', () => {
  expect(errnoError(-98, 'listen on port 80')).toMatchObject({ code: 'EADDRINUSE', errno: -98 })
  expect(errnoError(98, 'listen on port 80').message).toBe(
    'Cannot listen on port 80: address already in use [EADDRINUSE]',
  )
})

test('an errno that Node has no text for keeps its name from the system', () => {
  expect(errnoError(-74, 'read').code).toBe('EBADMSG')
  expect(errnoError(-512, 'read').code).toBe('ERRNO_512')
})

test('what neither libuv nor Node knows has its name too, where calls of this package meet it', () => {
  const error = errnoError(-109, 'send a message')
  expect(error.code).toBe('ETOOMANYREFS')
  expect(error.message).toContain('too many descriptors are on their way')
})

test('a hint is part of the message, so that whoever sees only that knows what to do', () => {
  const error = errnoError(24, 'open a channel')
  expect(error.hint).toContain('ulimit -n')
  expect(error.message).toContain(error.hint)
  expect(errnoError(24, 'open a channel', 'Close some').hint).toBe('Close some')
})

test('what the addon threw keeps its errno and its call; anything else is as it was', () => {
  const thrown = Object.assign(new Error('bind'), { errno: -13, code: 'EACCES', syscall: 'bind' })
  const error = systemError(thrown, 'listen on port 80')
  expect(error).toMatchObject({ code: 'EACCES', errno: -13, syscall: 'bind', cause: thrown })
  expect(systemError(error, 'do more')).toBe(error)
  const other = new TypeError('wrong')
  expect(systemError(other, 'listen')).toBe(other)
})

test('the error of another copy of the package is recognised, other errors are not', () => {
  const copy = Object.defineProperty(new Error(), Symbol.for('@slatfatf/restart.RestartError'), {
    value: true,
  })
  expect(isRestartError(copy)).toBe(true)
  expect(isRestartError(new RestartError('no', { code: 'ERR_RESTART_X' }))).toBe(true)
  expect(isRestartError(Object.assign(new Error(), { code: 'EACCES' }))).toBe(false)
  expect(isRestartError(undefined)).toBe(false)
})

test('absent details are absent, not undefined', () => {
  const error = new RestartError('no', { code: 'ERR_RESTART_X', hint: undefined })
  expect({ ...error }).toEqual({ name: 'RestartError', code: 'ERR_RESTART_X' })
})

test('how the new version ended and what it wrote are part of the type', () => {
  const exit = { code: 1, signal: null }
  const error: RestartError = new RestartError('no', { code: 'ERR_RESTART_X', exit, stderr: ['last'] })
  expect([error.exit?.code, error.exit?.signal, error.stderr?.at(-1)]).toEqual([1, null, 'last'])
  expect('hint' in error).toBe(false)
})
