// What a service manager (systemd) is told and asked: notifications, socket activation, the fd store, the watchdog. No libsystemd.

export { takeListenFds } from './listen-fds.js'
export type { Notification } from './notification.js'
export {
  type BarrierOptions,
  openServiceManager,
  type ServiceManager,
  type StoreOptions,
  type StoreOutcome,
} from './service-manager.js'
