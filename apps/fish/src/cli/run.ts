import { pino } from 'pino'
import { WorkerError } from '../forward/worker-handle.js'
import { isHostError } from '../host/host-error.js'
import { EgressService } from '../service/egress-service.js'
import { EXIT } from './exit-status.js'
import { readyConfig } from './ready-config.js'

/** `fishd run`: forwards until SIGTERM or SIGINT. */
export async function run(file: string): Promise<number> {
  const stopAsked = nextSignal()
  const config = await readyConfig(file)
  if (typeof config === 'number') return config
  const log = pino({ name: 'fishd' })

  let service: EgressService
  try {
    service = await EgressService.start(config, log)
  } catch (error) {
    log.fatal({ err: error }, 'did not start; the host is as it was')
    return exitStatusOf(error)
  }
  const ended = await Promise.race([
    stopAsked.then((signal) => ({ signal })),
    service.failed.catch((err: unknown) => ({ err })),
  ])
  if ('err' in ended) log.fatal(ended, 'forwarding ended by itself')
  else log.info(ended, 'stopping')
  try {
    await service.stop()
  } catch (err) {
    log.fatal({ err }, 'not everything could be put back; the next start or stop tries again')
    return EXIT.failed
  }
  return 'err' in ended ? EXIT.failed : EXIT.ok
}

function exitStatusOf(error: unknown): number {
  if (error instanceof WorkerError && error.code === 'EBUSY') return EXIT.alreadyRunning
  return isHostError(error) || error instanceof WorkerError ? EXIT.host : EXIT.failed
}

/** The first signal that asks to stop. A second one during the stop ends the process at once, as signals do by default. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const signals: NodeJS.Signals[] = ['SIGTERM', 'SIGINT']
    const onSignal = (signal: NodeJS.Signals): void => {
      for (const each of signals) process.off(each, onSignal)
      resolve(signal)
    }
    for (const each of signals) process.on(each, onSignal)
  })
}
