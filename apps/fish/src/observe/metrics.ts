import { createServer, type Server } from 'node:http'
import { Counter, Gauge, Registry } from 'prom-client'
import { type CounterSnapshot, readCounters } from './counters.js'

/** What the metrics are read from, at each scrape. */
export interface MetricsSource {
  counters: SharedArrayBuffer
  /** Packets stopped by the guards, by guard. */
  readGuards(): Promise<Record<string, number>>
}

/** All figures of a running fish as Prometheus metrics. Costs nothing between scrapes. */
export function createRegistry(source: MetricsSource): Registry {
  const registry = new Registry()
  const snapshot = (): CounterSnapshot => readCounters(source.counters)

  counter(registry, 'fish_packets_total', 'Packets forwarded.', ['direction'], (metric) => {
    const { figures } = snapshot()
    metric.inc({ direction: 'out' }, figures.packets_out)
    metric.inc({ direction: 'in' }, figures.packets_in)
  })
  counter(registry, 'fish_bytes_total', 'Bytes forwarded, IP headers included.', ['direction'], (metric) => {
    const { figures } = snapshot()
    metric.inc({ direction: 'out' }, figures.bytes_out)
    metric.inc({ direction: 'in' }, figures.bytes_in)
  })
  counter(
    registry,
    'fish_dropped_packets_total',
    'Packets not forwarded, by reason.',
    ['reason'],
    (metric) => {
      for (const [reason, count] of Object.entries(snapshot().drops)) metric.inc({ reason }, count)
    },
  )
  counter(
    registry,
    'fish_guard_dropped_packets_total',
    'Packets stopped by a guard of the kernel.',
    ['guard'],
    async (metric) => {
      for (const [guard, count] of Object.entries(await source.readGuards())) metric.inc({ guard }, count)
    },
  )
  counter(registry, 'fish_flows_opened_total', 'Flows opened.', [], (metric) =>
    metric.inc(snapshot().figures.flows_opened),
  )
  counter(registry, 'fish_flows_expired_total', 'Flows ended by silence.', [], (metric) =>
    metric.inc(snapshot().figures.flows_expired),
  )
  counter(
    registry,
    'fish_placeholders_lost_total',
    'Flows ended because the kernel took their placeholder away, by reason.',
    ['reason'],
    (metric) => {
      for (const [reason, count] of Object.entries(snapshot().losses)) metric.inc({ reason }, count)
    },
  )
  counter(
    registry,
    'fish_icmp_errors_total',
    'ICMP errors to clients that were refused.',
    ['outcome'],
    (metric) => {
      const { figures } = snapshot()
      metric.inc({ outcome: 'sent' }, figures.icmp_errors_sent)
      metric.inc({ outcome: 'suppressed' }, figures.icmp_errors_suppressed)
    },
  )
  new Gauge({
    name: 'fish_flows',
    help: 'Live flows, each with a reservation in the kernel.',
    labelNames: ['protocol'],
    registers: [registry],
    collect() {
      const { figures } = snapshot()
      this.set({ protocol: 'tcp' }, figures.flows_tcp)
      this.set({ protocol: 'udp' }, figures.flows_udp)
      this.set({ protocol: 'icmp' }, figures.flows_icmp)
    },
  })
  return registry
}

/**
 * Serves the registry at `/metrics`. Rejects with the system's error when the address cannot be listened on.
 */
export async function serveMetrics(
  registry: Registry,
  listen: { host: string; port: number },
): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end()
      return
    }
    try {
      const text = await registry.metrics()
      response.writeHead(200, { 'content-type': registry.contentType }).end(text)
    } catch (error) {
      response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error))
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(listen.port, listen.host, resolve)
  })
  return server
}

/** A counter whose truth lies elsewhere: it is set anew at each scrape. */
function counter<Label extends string>(
  registry: Registry,
  name: string,
  help: string,
  labelNames: Label[],
  fill: (metric: Counter<Label>) => void | Promise<void>,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    async collect() {
      this.reset()
      await fill(this)
    },
  })
}
