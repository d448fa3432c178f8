import type { Server } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../config/config.js'
import type { WorkerReport, WorkerSettings } from '../forward/messages.js'
import { ForwardingWorker } from '../forward/worker-handle.js'
import { flowCapacity } from '../host/flow-capacity.js'
import { readGuards } from '../host/guards.js'
import { type InstalledHost, installHost } from '../host/install-host.js'
import { removeHost } from '../host/remove-host.js'
import { createCounterMemory, readCounters } from '../observe/counters.js'
import { createRegistry, serveMetrics } from '../observe/metrics.js'
import { parseAddress } from '../packet/address.js'

/**
 * One running fish. It starts in an order in which each step that can be refused comes before the steps that change something, and
 * ends in the reverse one: forwarding first, then the reservations, then, after the quiet time, what the kernel was told.
 */
export class EgressService {
  /** Rejects when forwarding has ended without having been asked to. */
  readonly failed: Promise<never>
  readonly #config: Config
  readonly #log: Logger
  readonly #worker: ForwardingWorker
  readonly #host: InstalledHost
  readonly #counters: SharedArrayBuffer
  readonly #metrics: Server | undefined

  private constructor(
    config: Config,
    log: Logger,
    worker: ForwardingWorker,
    host: InstalledHost,
    counters: SharedArrayBuffer,
    metrics: Server | undefined,
  ) {
    this.#config = config
    this.#log = log
    this.#worker = worker
    this.#host = host
    this.#counters = counters
    this.#metrics = metrics
    this.failed = worker.failed
  }

  /**
   * Starts forwarding. When it rejects, everything it had begun is undone.
   *
   * @throws `EADDRINUSE` from the metrics listener; `WorkerError` `EBUSY` when another instance holds the device; `HostError`.
   */
  static async start(config: Config, log: Logger): Promise<EgressService> {
    const counters = createCounterMemory()
    const undo: (() => Promise<unknown>)[] = []
    try {
      let metrics: Server | undefined
      if (config.metrics) {
        const source = { counters, readGuards: async () => ({ ...(await readGuards(config)) }) }
        metrics = await serveMetrics(createRegistry(source), config.metrics.listen)
        undo.push(async () => metrics?.close())
      }
      // The queue comes first: the kernel gives it to one process only, so a second instance ends here, before it changed anything.
      const worker = await ForwardingWorker.attach(workerSettings(config, counters), (report) =>
        logReport(log, report),
      )
      undo.push(
        () => removeHost(config),
        () => worker.stop(),
      )
      const host = await installHost(config)
      worker.forward()
      log.info({ offload: worker.offload, flows: flowCapacity(config.limits.flows) }, 'ready')
      return new EgressService(config, log, worker, host, counters, metrics)
    } catch (error) {
      for (const step of undo.reverse()) await step()
      throw error
    }
  }

  /** Stops forwarding, keeps the host silent for the quiet time, and leaves it as it was found. */
  async stop(): Promise<void> {
    await this.#worker.stop()
    this.#log.info(
      { quietMs: this.#config.stop.quietMs },
      'forwarding has stopped; late packets are dropped silently',
    )
    await delay(this.#config.stop.quietMs)
    // A figure that cannot be read is no reason to leave the host changed.
    const guards = await this.#host.readGuards().catch(String)
    await this.#host.remove()
    this.#metrics?.close()
    this.#log.info({ ...readCounters(this.#counters), guards }, 'stopped')
  }
}

function workerSettings(config: Config, counters: SharedArrayBuffer): WorkerSettings {
  return {
    device: config.device.name,
    offload: config.device.offload,
    slices: config.slices.map(({ address, ports }) => ({
      address: parseAddress(address),
      text: address,
      first: ports.first,
      last: ports.last,
    })),
    mark: config.routing.mark,
    flows: flowCapacity(config.limits.flows),
    limits: config.limits,
    timeouts: config.timeouts,
    counters,
  }
}

function logReport(log: Logger, report: WorkerReport): void {
  if (report.type === 'kernel-refused') log.warn(report, 'the kernel refused a reservation')
}
