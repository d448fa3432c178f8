import { constants } from 'node:os'
import {
  checkBoolean,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'

/** What {@link ServiceManager.notify} says; all of it in one datagram. */
export interface Notification {
  /** `READY=1`: started, or the reload is over, whether it went well or not. */
  ready?: boolean | undefined
  /** `RELOADING=1`, with the `MONOTONIC_USEC=` that Type=notify-reload wants. Ends with `ready`. */
  reloading?: boolean | undefined
  /** `STOPPING=1`. Final, and since systemd 259 the clock of TimeoutStopSec= begins: never from a process that drains after a restart. */
  stopping?: boolean | undefined
  /** `STATUS=`: one line for `systemctl status`. Line ends become spaces; what is longer than 3,000 bytes is cut. */
  status?: string | undefined
  /** `ERRNO=`: a number (2) or name (`ENOENT`) from errno(3), for a failure. */
  errno?: number | string | undefined
  /** `MAINPID=`: the process that is the service from now on. With NotifyAccess=main only the one that is it now can say so. */
  mainPid?: number | undefined
  /** `WATCHDOG=1`: alive. `'trigger'`: failed, to be treated as if the time had run out (systemd 243). */
  watchdog?: boolean | 'trigger' | undefined
  /** `EXTEND_TIMEOUT_USEC=`: the start, run or stop under way needs so much longer, counted from now. */
  extendTimeoutMs?: number | undefined
}

// systemd ignores a whole datagram of more than 4,096 bytes (NOTIFY_BUFFER_MAX), and with it the READY=1 before the status.
const maxStatusBytes = 3_000

const fields = [
  'ready',
  'reloading',
  'stopping',
  'status',
  'errno',
  'mainPid',
  'watchdog',
  'extendTimeoutMs',
] as const satisfies readonly (keyof Notification)[]

/** The datagram, without an end of line. `monotonicNs` is read for `reloading` only. */
export function encodeNotification(notification: Notification, monotonicNs = process.hrtime.bigint): string {
  checkKnown('notification', notification, fields)
  const { ready, reloading, stopping, status, errno, mainPid, watchdog, extendTimeoutMs } = notification
  checkStates({ ready, reloading, stopping })
  const lines: string[] = []
  if (mainPid !== undefined) lines.push(`MAINPID=${checkedPid(mainPid)}`)
  if (ready) lines.push('READY=1')
  if (reloading) lines.push('RELOADING=1', `MONOTONIC_USEC=${monotonicNs() / 1000n}`)
  if (stopping) lines.push('STOPPING=1')
  if (status !== undefined) lines.push(`STATUS=${oneLine(status)}`)
  if (errno !== undefined) lines.push(`ERRNO=${errnoNumber(errno)}`)
  if (watchdog) lines.push(`WATCHDOG=${watchdogWord(watchdog)}`)
  if (extendTimeoutMs !== undefined) {
    checkInteger('extendTimeoutMs', extendTimeoutMs, 2 ** 32)
    lines.push(`EXTEND_TIMEOUT_USEC=${extendTimeoutMs * 1000}`)
  }
  return lines.join('\n')
}

function checkStates(states: Pick<Notification, 'ready' | 'reloading' | 'stopping'>): void {
  const given = Object.entries(states).filter(([name, value]) => {
    if (value !== undefined) checkBoolean(name, value)
    return value
  })
  if (given.length > 1) {
    throw invalidValue('notification', 'one of ready, reloading and stopping at a time', states)
  }
}

function checkedPid(pid: number): number {
  checkInteger('mainPid', pid, 2 ** 22)
  if (pid === 0) throw invalidValue('mainPid', 'the number of a process', pid)
  return pid
}

function oneLine(status: string): string {
  if (typeof status !== 'string') throw invalidType('status', 'a string', status)
  // A new line would begin another field; systemd refuses the whole datagram for a NUL.
  return cut(status.replace(/[\r\n\0]+/g, ' ').trim())
}

function cut(line: string): string {
  if (Buffer.byteLength(line) <= maxStatusBytes) return line
  // A character that was cut in two is no UTF-8, and systemd takes nothing else.
  const whole = Buffer.from(line)
    .subarray(0, maxStatusBytes)
    .toString()
    .replace(/\uFFFD+$/, '')
  return `${whole}…`
}

function errnoNumber(errno: number | string): number {
  const known: Record<string, number> = constants.errno
  const number = typeof errno === 'string' ? known[errno] : errno
  if (number === undefined) throw invalidValue('errno', 'the name of an errno', errno)
  // Node's errors have it negative.
  const positive = typeof number === 'number' ? Math.abs(number) : number
  checkInteger('errno', positive, 4095)
  return positive
}

function watchdogWord(watchdog: boolean | string): string {
  if (watchdog === true) return '1'
  if (watchdog === 'trigger') return 'trigger'
  throw invalidValue('watchdog', "a boolean or 'trigger'", watchdog)
}
