// Child programs that talk in lines: one JSON value a line on stdout, one word a line on stdin.
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'

export interface Program {
  readonly pid: number
  /** The next value that it prints; rejects with its stderr if it ends before. */
  next<T>(): Promise<T>
  say(word: string): void
  /** SIGKILL, and waits for the end. */
  kill(): Promise<void>
  /** Waits for the end: its status, or its signal. */
  ended(): Promise<number | NodeJS.Signals>
}

const running = new Set<ChildProcess>()

export const programFile = (name: string) =>
  fileURLToPath(new URL(`../programs/${name}.mjs`, import.meta.url))

/** `command`: what runs node, as in `['unshare', '-m']`; `fds` become its descriptors from 3 on. */
export function startProgram(
  name: string,
  args: readonly string[],
  options: { command?: readonly string[]; fds?: readonly number[]; spawn?: SpawnOptions } = {},
): Program {
  const words = [...(options.command ?? []), process.execPath, programFile(name), ...args]
  const child = spawn(words[0]!, words.slice(1), {
    stdio: ['pipe', 'pipe', 'pipe', ...(options.fds ?? [])],
    ...options.spawn,
  })
  running.add(child)
  const lines: string[] = []
  let stderr = ''
  createInterface(child.stdout!).on('line', (line) => lines.push(line))
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  let end: number | NodeJS.Signals | undefined
  child.once('close', (code, signal) => {
    end = signal ?? code ?? 0
    running.delete(child)
  })
  child.stdin!.on('error', () => {})
  const ended = () => waitFor(() => end !== undefined, { timeoutMs: 20_000, message: `the end of ${name}` })
  return {
    pid: child.pid!,
    async next<T>() {
      await waitFor(() => lines.length > 0 || end !== undefined, {
        timeoutMs: 20_000,
        message: `a line of ${name}`,
      })
      const line = lines.shift()
      if (line === undefined) throw new Error(`${name} ended (${end}): ${stderr}`)
      return JSON.parse(line) as T
    },
    say: (word) => child.stdin!.write(`${word}\n`),
    async kill() {
      child.kill('SIGKILL')
      await ended()
    },
    async ended() {
      await ended()
      return end!
    },
  }
}

/** For afterEach. */
export async function killPrograms(): Promise<void> {
  const left = [...running]
  for (const child of left) child.kill('SIGKILL')
  await waitFor(() => left.every((child) => !running.has(child)), { timeoutMs: 20_000 })
}
