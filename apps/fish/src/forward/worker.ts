/**
 * The forwarding thread. It alone owns the queue and every reservation, and answers to two commands; whatever the main thread does,
 * packets go on.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { growDescriptorTable } from '@slatfatf/tfo-socket'
import { forwardBatches, openTun, type PacketBatch, TUN_COUNTER, type TunDevice } from '@slatfatf/tun'
import { echoIdMode } from '../egress/echo-id.js'
import { placeholderMode } from '../egress/placeholder.js'
import { udpPortMode } from '../egress/port.js'
import { Expiry } from '../flow/expiry.js'
import { TICK_MS } from '../flow/flow-record.js'
import { LeaseDesk } from '../lease/lease-desk.js'
import { Slices } from '../lease/slices.js'
import { DROP } from '../observe/counters.js'
import { EgressTable, ticksOf } from './egress-table.js'
import { Forwarder } from './forwarder.js'
import type { WorkerCommand, WorkerReport, WorkerSettings } from './messages.js'

/** Sockets closed in one turn of the loop when everything is given back: about 5 ms. */
const CLOSES_PER_TURN = 1024
/** Descriptors the process needs besides one for each flow. */
const SPARE_DESCRIPTORS = 128

const settings = workerData as WorkerSettings
const port = parentPort!
const counters = new Float64Array(settings.counters)
const slices = new Slices(settings.slices, settings.mark)
const desk = new LeaseDesk(slices, settings.limits, reportKernelRefusal)
const table = new EgressTable(settings.flows, desk, counters)
const expiry = new Expiry(table.flows, settings.timeouts, (slot) => table.expire(slot))
const forwarder = new Forwarder(
  slices,
  { tcp: placeholderMode, udp: udpPortMode, icmp: echoIdMode },
  table,
  counters,
)
let lastRefusalReportMs = Number.NEGATIVE_INFINITY
const stopping = new AbortController()
/** Resolves when nothing is forwarded any more; rejects with why it ended by itself. */
let forwarding: Promise<void> = Promise.resolve()

try {
  growDescriptorTable(settings.flows + SPARE_DESCRIPTORS)
  const { device: name, offload } = settings
  // What an earlier process left is taken over: the device outlives fishd while its rules stand.
  const device = await openTun({ name, offload, exclusive: false, persist: true })
  port.on('message', (command: WorkerCommand) => obey(command, device))
  report({ type: 'attached', offload: device.offload.mode })
} catch (error) {
  fail(error)
}

function obey(command: WorkerCommand, device: TunDevice): void {
  if (command.type === 'forward') {
    forwarding = forward(device)
    forwarding.catch((error) => end(device, () => fail(error)))
    report({ type: 'forwarding' })
    return
  }
  stopping.abort()
  const tell = () => {
    report({ type: 'stopped' })
    port.close()
  }
  // What ended by itself is told already, or about to be.
  forwarding.then(
    () => end(device, tell),
    () => undefined,
  )
}

/** Forwards until `stopping` aborts. */
async function forward({ queue }: TunDevice): Promise<void> {
  let lost = 0
  const countLost = () => {
    const { writeErrors, dropAbandoned } = TUN_COUNTER
    counters[DROP.write_error] = queue.counters[writeErrors]! + queue.counters[dropAbandoned]! + lost
  }
  queue.on('drop', countLost)
  const sweeping = setInterval(() => expiry.step(ticksOf(performance.now())), TICK_MS)
  const pruning = setInterval(() => desk.prune(performance.now()), 1000)
  try {
    const edit = (batch: PacketBatch) => forwarder.process(batch, performance.now())
    lost = await forwardBatches(queue, queue, edit, { signal: stopping.signal })
  } finally {
    countLost()
    clearInterval(sweeping)
    clearInterval(pruning)
  }
}

/** Gives every lease back and closes the queue, then tells. */
function end(device: TunDevice, tell: () => void): void {
  giveAllBack(0, async () => {
    await device.close()
    tell()
  })
}

/** Closes all flows over as many turns as it takes, then calls `done`. */
function giveAllBack(slot: number, done: () => void): void {
  const next = table.closeFrom(slot, CLOSES_PER_TURN)
  if (next < 0) done()
  else setImmediate(giveAllBack, next, done)
}

function reportKernelRefusal(error: unknown): void {
  const nowMs = performance.now()
  if (nowMs - lastRefusalReportMs < 1000) return
  lastRefusalReportMs = nowMs
  const { code, message } = describe(error)
  report({ type: 'kernel-refused', code, message })
}

function fail(error: unknown): void {
  report({ type: 'failed', ...describe(error) })
  port.close()
}

function describe(error: unknown): { code: string; message: string; hint?: string } {
  const {
    code = 'ERR_UNKNOWN',
    message = String(error),
    hint,
  } = error as { code?: string; message?: string; hint?: string }
  return hint === undefined ? { code, message } : { code, message, hint }
}

function report(message: WorkerReport): void {
  port.postMessage(message)
}
