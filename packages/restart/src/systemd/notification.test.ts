import { expect, test } from 'vitest'
import { encodeNotification, type Notification } from './notification.js'

test.each<[Notification, string]>([
  [{ ready: true }, 'READY=1'],
  [{ stopping: true }, 'STOPPING=1'],
  [{ ready: true, mainPid: 4711, status: 'serving' }, 'MAINPID=4711\nREADY=1\nSTATUS=serving'],
  [{ errno: 'ENOENT' }, 'ERRNO=2'],
  [{ errno: -98, status: 'no port' }, 'STATUS=no port\nERRNO=98'],
  [{ watchdog: true }, 'WATCHDOG=1'],
  [{ watchdog: 'trigger' }, 'WATCHDOG=trigger'],
  [{ extendTimeoutMs: 1500 }, 'EXTEND_TIMEOUT_USEC=1500000'],
  [{ status: '' }, 'STATUS='],
  [{ ready: false, watchdog: false }, ''],
  [{}, ''],
])('%o is said as %j', (notification, text) => {
  expect(encodeNotification(notification)).toBe(text)
})

test('a status is cut, between characters, to what systemd takes: it would ignore the READY=1 before it too', () => {
  for (const character of ['x', 'ä', '€', '😀']) {
    const text = encodeNotification({ mainPid: 2 ** 22, ready: true, status: `a${character.repeat(5_000)}` })
    expect(Buffer.byteLength(text)).toBeLessThan(4_096)
    expect(text).toMatch(new RegExp(`\\nREADY=1\\nSTATUS=a(${character}){740,3000}…$`))
  }
})

test('reloading carries the monotonic clock, which Type=notify-reload waits for', () => {
  const text = encodeNotification({ reloading: true, status: 'new version' }, () => 1_234_567_890_123n)
  expect(text).toBe('RELOADING=1\nMONOTONIC_USEC=1234567890\nSTATUS=new version')
  const before = process.hrtime.bigint() / 1000n
  const [, said = ''] = /MONOTONIC_USEC=(\d+)/.exec(encodeNotification({ reloading: true })) ?? []
  expect(BigInt(said)).toBeGreaterThanOrEqual(before)
})

test('a status of several lines stays one field', () => {
  expect(encodeNotification({ status: 'failed:\r\nREADY=1\n\0MAINPID=1\n' })).toBe(
    'STATUS=failed: READY=1 MAINPID=1',
  )
})

test.each<[unknown, string]>([
  [null, 'ERR_INVALID_ARG_TYPE'],
  [{ redy: true }, 'ERR_INVALID_ARG_VALUE'],
  [{ ready: 1 }, 'ERR_INVALID_ARG_TYPE'],
  [{ ready: true, reloading: true }, 'ERR_INVALID_ARG_VALUE'],
  [{ ready: true, stopping: true }, 'ERR_INVALID_ARG_VALUE'],
  [{ status: 1 }, 'ERR_INVALID_ARG_TYPE'],
  [{ mainPid: 0 }, 'ERR_INVALID_ARG_VALUE'],
  [{ mainPid: '1' }, 'ERR_INVALID_ARG_TYPE'],
  [{ errno: 'ENOTHING' }, 'ERR_INVALID_ARG_VALUE'],
  [{ errno: 1.5 }, 'ERR_INVALID_ARG_VALUE'],
  [{ watchdog: 'bark' }, 'ERR_INVALID_ARG_VALUE'],
  [{ extendTimeoutMs: -1 }, 'ERR_INVALID_ARG_VALUE'],
])('%o is refused', (notification, code) => {
  expect(() => encodeNotification(notification as Notification)).toThrow(expect.objectContaining({ code }))
})
