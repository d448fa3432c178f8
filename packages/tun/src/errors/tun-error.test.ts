import { expect, test } from 'vitest'
import { isTunError, TunError } from '../index.js'
import { systemError } from './system-error.js'

test('an errno becomes its name, with the call, the device and a hint', () => {
  const error = systemError(-1, 'ioctl(TUNSETIFF)', 'tun0')
  expect(error).toBeInstanceOf(TunError)
  expect(error).toMatchObject({ code: 'EPERM', errno: -1, syscall: 'ioctl(TUNSETIFF)', device: 'tun0' })
  expect(error.message).toContain(error.hint)
})

test('errors libuv has no name for keep one', () => {
  expect(systemError(-77, 'read(tun)').code).toBe('EBADFD')
  expect(systemError(-4000, 'read(tun)').code).toBe('errno 4000')
})

test('an error of another copy of the package is recognised, anything else is not', () => {
  const foreign = Object.assign(new Error('busy'), { [Symbol.for('@slatfatf/tun.TunError')]: true })
  expect(isTunError(foreign)).toBe(true)
  for (const other of [new Error('busy'), { code: 'EBUSY' }, null, undefined, 'EBUSY']) {
    expect(isTunError(other)).toBe(false)
  }
})
