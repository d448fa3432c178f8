import { checkBoolean, checkInteger, checkKnown, invalidValue } from '../errors/invalid-argument.js'

/** Options of `openFakeManager`. */
export interface FakeManagerOptions {
  /** NotifyAccess=: whose words count. Default `main`, as for Type=notify. */
  notifyAccess?: 'main' | 'all' | undefined
  /** FileDescriptorStoreMax=. Default 0: what is to be stored is thrown away. */
  fdStoreMax?: number | undefined
  /** WatchdogSec=, in ms. Default 0: none. */
  watchdogMs?: number | undefined
  /** Which systemd it takes after: before 254 there is no `$FDSTORE`. Default 257. */
  systemdVersion?: number | undefined
  /** An abstract notify socket (`@…`) instead of a path. Default false. */
  abstract?: boolean | undefined
}

export type FakeManagerSettings = Required<{
  [K in keyof FakeManagerOptions]: NonNullable<FakeManagerOptions[K]>
}>

export function fakeManagerSettings(options: FakeManagerOptions): FakeManagerSettings {
  checkKnown('options', options, ['notifyAccess', 'fdStoreMax', 'watchdogMs', 'systemdVersion', 'abstract'])
  const {
    notifyAccess = 'main',
    fdStoreMax = 0,
    watchdogMs = 0,
    systemdVersion = 257,
    abstract = false,
  } = options
  if (notifyAccess !== 'main' && notifyAccess !== 'all') {
    throw invalidValue('notifyAccess', "'main' or 'all'", notifyAccess)
  }
  checkInteger('fdStoreMax', fdStoreMax, 2 ** 20)
  checkInteger('watchdogMs', watchdogMs, 2 ** 31 - 1)
  checkInteger('systemdVersion', systemdVersion, 9999)
  checkBoolean('abstract', abstract)
  return { notifyAccess, fdStoreMax, watchdogMs, systemdVersion, abstract }
}
