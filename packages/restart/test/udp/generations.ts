// Starts the first instance of test/programs/udp-generation.mjs, hears all of them, and ends them whatever happens.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'
import { binding } from '../../src/binding.js'
import type { UdpSessionCounters } from '../../src/udp/udp-counters.js'

const program = fileURLToPath(new URL('../programs/udp-generation.mjs', import.meta.url))

interface Heard {
  generation: number
  pid: number
  event: 'open' | 'reading' | 'stopped' | 'counters'
  counters?: UdpSessionCounters
  sessions?: number
  state?: string
}

export interface Generations {
  port: number
  pid(generation: number): number
  restart(from: number): Promise<void>
  counters(generation: number): Promise<Required<Heard>>
  kill(generation: number, signal: NodeJS.Signals): void
  [Symbol.asyncDispose](): Promise<void>
}

export async function startGenerations(host = '127.0.0.1'): Promise<Generations> {
  const fd = binding().bindUdp(host, 0, 0)
  const { local } = binding().describeFd(fd) as { local: { port: number } }
  const child: ChildProcess = spawn(process.execPath, [program, '1', '0'], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
  })
  binding().closeFd(fd)
  const heard: Heard[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => heard.push(JSON.parse(line) as Heard))
  const event = (generation: number, name: Heard['event']) =>
    heard.find((one) => one.generation === generation && one.event === name)
  const awaitEvent = (generation: number, name: Heard['event']) =>
    waitFor(() => event(generation, name), {
      timeoutMs: 15_000,
      message: `instance ${generation}: ${name}`,
    })
  const pid = (generation: number) => event(generation, 'open')!.pid
  const kill = (generation: number, signal: NodeJS.Signals) => process.kill(pid(generation), signal)

  await awaitEvent(1, 'reading')
  return {
    port: local.port,
    pid,
    kill,
    async restart(from) {
      kill(from, 'SIGUSR2')
      await awaitEvent(from, 'stopped')
      await awaitEvent(from + 1, 'reading')
    },
    async counters(generation) {
      const before = heard.length
      kill(generation, 'SIGUSR1')
      const answer = () =>
        heard.slice(before).find((one) => one.generation === generation && one.event === 'counters')
      return (await waitFor(answer, { message: `counters of instance ${generation}` })) as Required<Heard>
    },
    async [Symbol.asyncDispose]() {
      // The pipe ends when the last of them is gone; one may be starting just now.
      const allGone = () => {
        killIfThere(child.pid!)
        for (const { event, pid } of heard) if (event === 'open') killIfThere(pid)
        return child.stdout!.readableEnded
      }
      await waitFor(allGone, { timeoutMs: 15_000, message: 'all instances to end' })
    },
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}
