// A temporary folder with a coordination socket in it, a handler whose restarts end when the test says so, and
// connections that send whatever a test wants to send.
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import type { CoordinationHandler } from '../../src/coordination/coordination-handler.js'
import type { CoordinationServer } from '../../src/coordination/coordination-server.js'
import { encodeRequest } from '../../src/coordination/encode-message.js'
import { FrameReader } from '../../src/coordination/frame-reader.js'
import type { InstanceStatus } from '../../src/coordination/instance-status.js'
import {
  adoptCoordination,
  type CoordinationOptions,
  openCoordination,
} from '../../src/coordination/open-coordination.js'
import type { ProgressDetails, Request, RestartResult, Stage } from '../../src/coordination/protocol.js'

/** A restart that the test ends. */
export interface ScriptedRestart {
  progress(stage: Stage, details?: ProgressDetails): void
  succeed(result?: Partial<RestartResult>): void
  fail(error: unknown): void
}

export interface ScriptedHandler extends CoordinationHandler {
  readonly restarts: ScriptedRestart[]
  /** Resolves to the restart of this number, once it has been asked for. */
  restartNumber(index: number): Promise<ScriptedRestart>
}

export const STATUS: InstanceStatus = {
  pid: process.pid,
  generation: 3,
  state: 'serving',
  startedAt: '2024-01-01T00:00:00.000Z',
  sockets: [{ name: 'http', kind: 'tcp', address: { host: '127.0.0.1', port: 8080 } }],
  kept: [],
  draining: [],
}

export function scriptedHandler(more: Partial<CoordinationHandler> = {}): ScriptedHandler {
  const restarts: ScriptedRestart[] = []
  return {
    restarts,
    restartNumber: (index) => waitFor(() => restarts[index], { message: `restart ${index} to be asked for` }),
    identity: () => ({ pid: process.pid, generation: 3 }),
    restart: (progress) =>
      new Promise((resolve, reject) => {
        restarts.push({
          progress,
          succeed: (result) => resolve({ pid: 4243, generation: 4, durationMs: 840, ...result }),
          fail: reject,
        })
      }),
    status: () => STATUS,
    stop: async () => ({ clean: true }),
    rollback: async () => ({ pid: process.pid, generation: 3, durationMs: 5 }),
    ...more,
  }
}

/** Any message, as JSON has it. */
export type Message = Record<string, unknown>

/** A connection below the level of requests. */
export class RawAsker {
  readonly messages: Message[] = []
  readonly socket: Socket
  readonly closed: Promise<void>
  #reader = new FrameReader()

  constructor(path: string, options: { isReading?: boolean } = {}) {
    this.socket = connect({ path, allowHalfOpen: true })
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()))
    this.socket.on('end', () => this.socket.end())
    if (options.isReading === false) {
      this.socket.pause()
      return
    }
    this.socket.on('data', (chunk: Buffer) => {
      for (const payload of this.#reader.read(chunk)) this.messages.push(JSON.parse(String(payload)))
    })
  }

  ask(id: number, request: Request): void {
    this.socket.write(encodeRequest(id, request))
  }

  /** The message that has all of these fields. */
  message(fields: Message, timeoutMs = 5_000): Promise<Message> {
    const fits = (message: Message) =>
      Object.entries(fields).every(([name, value]) => message[name] === value)
    return waitFor(() => this.messages.find(fits), { message: JSON.stringify(fields), timeoutMs })
  }
}

export class CoordinationRoom {
  readonly directory = mkdtempSync(join(tmpdir(), 'restart-'))
  readonly path = join(this.directory, 'coordination.sock')
  readonly #ending: (() => unknown)[] = []

  /** Called when the test is over, last first. */
  atEnd(end: () => unknown): void {
    this.#ending.push(end)
  }

  async open(
    handler: CoordinationHandler,
    options: Partial<CoordinationOptions> = {},
  ): Promise<CoordinationServer> {
    const server = await openCoordination({ path: this.path, handler, ...options })
    this.atEnd(() => server.close({ timeoutMs: 0 }))
    return server
  }

  async adopt(fd: number, handler: CoordinationHandler): Promise<CoordinationServer> {
    const server = await adoptCoordination({ fd, path: this.path, handler })
    this.atEnd(() => server.close({ timeoutMs: 0 }))
    return server
  }

  raw(options?: { isReading?: boolean }): RawAsker {
    const asker = new RawAsker(this.path, options)
    this.atEnd(() => asker.socket.destroy())
    return asker
  }

  async close(): Promise<void> {
    for (const end of this.#ending.reverse()) await end()
    rmSync(this.directory, { recursive: true, force: true })
  }
}
