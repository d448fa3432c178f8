import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

const restarts = channel('@slatfatf/restart:restart')
const troubles = channel('@slatfatf/restart:trouble')
const log = debuglog('slatfatf-restart')

/** What a restart does, as it happens: `{ stage, pid?, generation? }`, then `{ result }` or `{ error }`. */
export function publishRestart(event: object): void {
  restarts.publish(event)
  log('restart: %o', event)
}

/** What went wrong without anybody waiting for it: `{ error }`. The service goes on. */
export function publishTrouble(error: Error): void {
  troubles.publish({ error })
  log('trouble: %s', error.stack ?? error.message)
}
