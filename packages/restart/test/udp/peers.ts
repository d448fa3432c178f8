// Peers that talk to a UDP service without pause: each has one message out, and begins with three at once. Half of them
// say goodbye after six messages and come back from another port. Every answer says which instance gave it, and which
// message of its session it answers.
import { createSocket, type Socket } from 'node:dgram'
import { waitFor } from '@slatfatf/netns'

interface Conversation {
  socket: Socket
  short: boolean
  sent: number
  /** Instance that answered first. */
  generation: number | undefined
  /** Which of its messages have been answered. */
  answered: Set<string>
  /** The how many-eth of its session the answered message was. */
  counts: Set<string>
}

export interface Peers {
  readonly answers: number
  /** Answers of another instance than the one that the conversation began with, or of another session of it. */
  readonly misdelivered: number
  readonly conversations: number
  /** By the instance that serves them: those that never end by themselves. */
  long(): Map<number, number>
  /** Resolves after so many more answers. */
  more(answers: number): Promise<void>
  /** Everybody says goodbye; rejects if an answer is missing. */
  finish(): Promise<void>
  [Symbol.dispose](): void
}

export function startPeers(count: number, port: number, host = '127.0.0.1'): Peers {
  const open = new Set<Conversation>()
  let finishing = false
  let closed = false
  let answers = 0
  let misdelivered = 0
  let conversations = 0

  const begin = (short: boolean) => {
    conversations++
    const one: Conversation = {
      socket: createSocket(host.includes(':') ? 'udp6' : 'udp4'),
      short,
      sent: 0,
      generation: undefined,
      answered: new Set(),
      counts: new Set(),
    }
    open.add(one)
    one.socket.on('message', (message) => hear(one, String(message)))
    // Connected, so that an answer from another address than the one that was asked is not heard.
    one.socket.connect(port, host, () => {
      for (let index = 0; index < 3; index++) say(one)
    })
  }
  const say = (one: Conversation) => {
    const last = finishing || (one.short && one.sent >= 6)
    one.socket.send(`${last ? 'bye' : 'hello'} ${one.sent++}`)
  }
  const hear = (one: Conversation, text: string) => {
    if (closed) return
    const [generation, count, word, index] = text.split(' ') as [string, string, string, string]
    answers++
    one.generation ??= Number(generation)
    one.answered.add(index)
    one.counts.add(count)
    if (one.generation !== Number(generation)) misdelivered++
    if (one.answered.size < one.sent) return
    // Two sessions count the same numbers.
    if (one.counts.size !== one.sent) misdelivered++
    if (word !== 'bye') return say(one)
    one.socket.close()
    open.delete(one)
    if (!finishing) begin(one.short)
  }
  for (let index = 0; index < count; index++) begin(index % 2 === 1)

  return {
    get answers() {
      return answers
    },
    get misdelivered() {
      return misdelivered
    },
    get conversations() {
      return conversations
    },
    long() {
      const byGeneration = new Map<number, number>()
      for (const { short, generation } of open) {
        if (!short && generation !== undefined) {
          byGeneration.set(generation, (byGeneration.get(generation) ?? 0) + 1)
        }
      }
      return byGeneration
    },
    async more(wanted) {
      const goal = answers + wanted
      await waitFor(() => answers >= goal, { timeoutMs: 20_000, message: `${wanted} more answers` })
    },
    async finish() {
      finishing = true
      await waitFor(() => open.size === 0, { timeoutMs: 20_000, message: 'the last answers' }).catch(
        (cause) => {
          const lost = [...open].reduce((sum, { sent, answered }) => sum + sent - answered.size, 0)
          throw new Error(`${lost} answers are missing, in ${open.size} conversations`, { cause })
        },
      )
    },
    [Symbol.dispose]() {
      closed = true
      for (const { socket } of open) socket.close()
    },
  }
}
