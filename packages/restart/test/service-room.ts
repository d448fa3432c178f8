import { type ChildProcess, spawn } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { waitFor } from '@slatfatf/netns'

export interface ServiceAnswer {
  pid: number
  generation: number
  before: string
  state?: string
  exited: boolean
  label?: string
  release?: string
  variables: string[]
}

export const servicePath = fileURLToPath(new URL('./programs/service.mjs', import.meta.url))

/** A folder, the service in it, and all processes that came of it: they are gone when the room is closed. */
export class ServiceRoom implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'restart-room-'))
  readonly control = join(this.folder, 'control.sock')
  readonly web = join(this.folder, 'web.sock')
  /** What the first version is started with. */
  program = servicePath
  firstStderr: string | undefined
  /** What all generations wrote to the standard error that the first one was given. */
  stderr = ''
  #first: ChildProcess | undefined

  /** How every version from now on behaves. */
  deploy(behaviour: object): void {
    writeFileSync(join(this.folder, 'behaviour.json'), JSON.stringify(behaviour))
  }

  /** Starts the first version; resolves when it serves. */
  async start(behaviour: object = {}, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    this.deploy(behaviour)
    const child = this.launch(env)
    this.#first = child
    child.stderr!.on('data', (chunk) => {
      this.stderr += chunk
    })
    await this.waitForAnswer(() => true)
    this.firstStderr = this.descriptor(child.pid!, 2)
    return child
  }

  /** Starts a process, and waits for nothing. */
  launch(env: NodeJS.ProcessEnv = {}): ChildProcess {
    const words = [process.execPath, this.program]
    // Opens 20 and 40 and becomes the service.
    const shell = ['-c', `exec 20</dev/null 40</dev/null; exec ${words.join(' ')}`]
    const gap = env.SERVICE_GAP !== undefined
    return spawn(gap ? '/bin/bash' : words[0]!, gap ? shell : words.slice(1), {
      env: { ...process.env, ...env, SERVICE_FOLDER: this.folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }

  /** What the first version writes stays where it is. */
  stopReading(): void {
    this.#first?.stderr?.pause()
  }

  /** A connection with a request that is begun and not ended. */
  holdRequest(): Socket {
    const socket = connect(this.web)
    socket.on('error', () => {})
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1')
    return socket
  }

  /** What a descriptor of a process leads to. */
  descriptor(pid: number, fd: number): string | undefined {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return undefined
    }
  }

  /** Who answers now. */
  ask(path = '/'): Promise<ServiceAnswer> {
    return new Promise((resolve, reject) => {
      const asking = request({ socketPath: this.web, path, agent: false }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve(JSON.parse(body)))
        response.on('error', reject)
      })
      asking.on('error', reject)
      asking.end()
    })
  }

  async waitForAnswer(condition: (answer: ServiceAnswer) => boolean): Promise<ServiceAnswer> {
    try {
      return await waitFor(
        async () => {
          const answer = await this.ask()
          return condition(answer) ? answer : undefined
        },
        { message: 'an answer of the service', timeoutMs: 15_000 },
      )
    } catch (error) {
      throw new Error(`the service did not answer; it wrote: ${this.stderr}`, { cause: error })
    }
  }

  events(): string[] {
    return this.#lines('events')
  }

  /** All processes that have started here. */
  pids(): number[] {
    return this.#lines('pids').map(Number)
  }

  livingPids(): number[] {
    return this.pids().filter((pid) => this.isOurs(pid))
  }

  /** Whether a version stands at `waitFor` of its behaviour. */
  waits(): boolean {
    return existsSync(join(this.folder, 'waiting'))
  }

  touch(name: string): void {
    writeFileSync(join(this.folder, name), '')
  }

  /** Whether the number still is a process of this room; zombies are not. */
  isOurs(pid: number): boolean {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`SERVICE_FOLDER=${this.folder}\0`)
    } catch {
      return false
    }
  }

  /** What a process has open, and its children, zombies included. */
  census(pid: number): { descriptors: number; children: number[]; residentKib: number } {
    const children = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
      .map(Number)
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return {
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      children,
      residentKib: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await waitFor(
      () => {
        for (const pid of this.livingPids()) kill(pid)
        return this.livingPids().length === 0
      },
      { message: 'the end of all processes', timeoutMs: 15_000 },
    )
    this.#first?.stderr?.destroy()
    rmSync(this.folder, { recursive: true, force: true })
  }

  #lines(name: string): string[] {
    try {
      return readFileSync(join(this.folder, name), 'utf8').split('\n').filter(Boolean)
    } catch {
      return []
    }
  }
}

export function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended by itself.
  }
}

function parentOf(pid: string): number | undefined {
  try {
    // The name in parentheses may have any character.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
