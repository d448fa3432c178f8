import { ping } from '../coordination/ping.js'
import type { Busy, RequestType } from '../coordination/protocol.js'
import { requestRestart } from '../coordination/request-restart.js'
import { requestRollback } from '../coordination/request-rollback.js'
import { requestStatus } from '../coordination/request-status.js'
import { requestStop } from '../coordination/request-stop.js'
import { durationText } from './render/duration-text.js'
import { reportText } from './render/report-text.js'
import { statusText } from './render/status-text.js'
import type { Report } from './report.js'

/** What to ask, and whom. */
export interface Errand {
  command: RequestType
  path: string
  timeoutMs: number | undefined
  busy: Busy | undefined
  drainTimeoutMs: number | undefined
  signal: AbortSignal
}

/** Asks, and tells what was answered. Throws what the request throws. */
export async function doCommand(errand: Errand, report: Report): Promise<void> {
  const { command, busy, drainTimeoutMs, ...asking } = errand
  switch (command) {
    case 'restart': {
      const answer = await requestRestart({ ...asking, busy, onProgress: report.progress })
      const { pid, generation, durationMs, beganBeforeMs } = answer
      const lines = [
        `process ${pid} serves now, generation ${generation}; it took ${durationText(durationMs)}`,
        ...(beganBeforeMs === undefined
          ? []
          : [
              `that restart had begun ${durationText(beganBeforeMs)} before this one was asked for: what changed since may not be in it`,
              '(--busy wait makes one more)',
            ]),
      ]
      return report.done(answer, lines.join('\n'))
    }
    case 'status': {
      const status = await requestStatus(asking)
      return report.done({ status }, statusText(status))
    }
    case 'stop': {
      const answer = await requestStop({ ...asking, drainTimeoutMs })
      return report.done({ report: answer }, reportText(answer))
    }
    case 'rollback': {
      const answer = await requestRollback(asking)
      const { pid, generation } = answer
      return report.done(answer, `process ${pid} serves again, generation ${generation}`)
    }
    case 'ping': {
      const answer = await ping(asking)
      return report.done(answer, `process ${answer.pid} answers, generation ${answer.generation}`)
    }
  }
}
