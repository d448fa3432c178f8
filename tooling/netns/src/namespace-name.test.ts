import { expect, test } from 'vitest'
import { namespaceName, ownerPid } from './namespace-name.js'

test('a name leads back to the process that made it', () => {
  expect(ownerPid(namespaceName(3, 'edge'))).toBe(process.pid)
})

test.each(['edge', 'tun', 't-1-edge', 't42', 't42-edge', 'test42-1-edge', 't42-1-'])(
  '%s is not ours',
  (name) => {
    expect(ownerPid(name)).toBeUndefined()
  },
)

test('a name from another pid namespace is not ours', () => {
  expect(ownerPid('t42p1-3-edge')).toBeUndefined()
})
