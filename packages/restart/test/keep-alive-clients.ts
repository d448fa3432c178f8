import { Agent, request } from 'node:http'

interface Tally {
  done: number
  readonly errors: string[]
  /** Client ports: as many as there were connections. */
  readonly ports: Set<number>
  /** What the servers said about themselves, with how many answers. */
  readonly servers: Map<string, number>
}

/**
 * Clients that keep one connection each and POST without ever trying again.
 *
 * Each waits for its answer and sends the next request at once, or after a pause of up to `pauseMs`.
 */
export class KeepAliveClients {
  readonly tally: Tally = { done: 0, errors: [], ports: new Set(), servers: new Map() }
  readonly #port: number
  readonly #pauseMs: number
  readonly #running: Promise<void>[] = []
  #stopped = false

  constructor(port: number, count: number, pauseMs = 0) {
    this.#port = port
    this.#pauseMs = pauseMs
    for (let client = 0; client < count; client++) this.#running.push(this.#run(client))
  }

  /** Ends after the answers that are under way. */
  async stop(): Promise<Tally> {
    this.#stopped = true
    await Promise.all(this.#running)
    return this.tally
  }

  async #run(client: number): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let round = 0; !this.#stopped; round++) {
      try {
        await this.#post(agent, `${client}.${round}`)
        this.tally.done++
      } catch (error) {
        this.tally.errors.push(`${(error as NodeJS.ErrnoException).code} ${(error as Error).message}`)
        if (this.tally.errors.length > 50) break
      }
      const pause = Math.random() * this.#pauseMs
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause))
    }
    agent.destroy()
  }

  #post(agent: Agent, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const sent = request({ agent, port: this.#port, host: '127.0.0.1', method: 'POST', timeout: 15_000 })
      sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'HUNG' })))
      sent.on('socket', (socket) => {
        const note = () => this.tally.ports.add(socket.localPort!)
        if (socket.connecting) socket.once('connect', note)
        else note()
      })
      sent.on('error', reject)
      sent.on('response', (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => {
          text += part
        })
        answer.on('error', reject)
        answer.on('end', () => {
          const [server = '', echo] = text.split(' ')
          if (answer.statusCode !== 200 || echo !== body) reject(new Error(`wrong answer: ${text}`))
          this.tally.servers.set(server, (this.tally.servers.get(server) ?? 0) + 1)
          resolve()
        })
      })
      sent.end(body)
    })
  }
}
