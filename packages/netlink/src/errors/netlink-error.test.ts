import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { errnoError, isNetlinkError, NetlinkError } from './netlink-error.js'

test('an errno becomes its name, whatever its sign', () => {
  expect(errnoError(-19, 'RTM_NEWLINK eth0')).toMatchObject({ code: 'ENODEV', errno: -19 })
  expect(errnoError(17, 'RTM_NEWADDR')).toMatchObject({
    code: 'EEXIST',
    errno: -17,
    operation: 'RTM_NEWADDR',
  })
})

test('an errno that Node has no text for keeps its name from the system', () => {
  expect(errnoError(-74, 'request').code).toBe('EBADMSG')
  expect(errnoError(-512, 'request').code).toBe('ERRNO_512')
})

test.each([
  [1, 'CAP_NET_ADMIN'],
  [19, 'interface'],
  [105, 'receiveBufferBytes'],
])('errno %i comes with a hint about %s', (errno, word) => {
  expect(errnoError(errno, 'request').hint).toContain(word)
})

test('the error of another copy of the package is recognised, other errors are not', () => {
  const copy = createRequire(import.meta.url)('../../dist/index.cjs') as typeof import('../index.js')
  const foreign = new copy.NetlinkError('closed', { code: 'ERR_NETLINK_CLOSED' })
  expect(foreign).not.toBeInstanceOf(NetlinkError)
  expect(isNetlinkError(foreign)).toBe(true)
  expect(isNetlinkError(Object.assign(new Error(), { code: 'ENODEV' }))).toBe(false)
  expect(isNetlinkError(undefined)).toBe(false)
})
