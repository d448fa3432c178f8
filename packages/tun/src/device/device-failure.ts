import { isNetlinkError } from '@slatfatf/netlink'
import { TunError } from '../errors/tun-error.js'

/** What is done to a device, for the message of what went wrong. */
export type DeviceAction =
  | 'configuring'
  | 'renaming'
  | 'moving'
  | 'inspecting'
  | 'watching'
  | 'opening a queue of'

const hints: Record<string, string> = {
  'EEXIST renaming': 'Another interface of the namespace has this name',
  'EBUSY renaming': 'Before Linux 6.2 an interface must be down to be renamed',
  'ENOENT moving': 'There is no network namespace at this path',
  'EINVAL moving': 'The path is not a network namespace',
  'EEXIST moving': 'An interface of that namespace has this name: rename it first',
}

/** What a Netlink request failed with, as the error of this package; anything else is returned as it is. */
export function deviceFailure(error: unknown, action: DeviceAction, device: string): unknown {
  if (!isNetlinkError(error)) return error
  const { code, errno, operation, syscall } = error
  const hint = hints[`${code} ${action}`] ?? error.hint
  const message = `${action} ${device}: ${error.message}${hint === error.hint ? '' : `. ${hint}`}`
  return new TunError(message, { code, errno, syscall: syscall ?? operation, device, hint, cause: error })
}
