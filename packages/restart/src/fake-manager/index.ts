// A stand-in for systemd that runs one service, for tests without systemd and without root.

export type { ReceivedNotification } from '../supervise/received-notification.js'
export type { WaitOptions } from './changes.js'
export { FakeManager, openFakeManager } from './fake-manager.js'
export type { FakeManagerOptions } from './fake-manager-options.js'
export type { CommandEnd } from './run-command.js'
export type { ServiceCommand } from './service-command.js'
export type { ExitStatus, ProcessEnd, ServiceState } from './service-record.js'
