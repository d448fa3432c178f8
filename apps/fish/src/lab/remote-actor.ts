import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { ActorCalls } from './actor.js'
import { forkOn, type LabHost } from './commands.js'

interface Answer {
  id: number
  value?: unknown
  error?: { code?: string; syscall?: string; message: string }
}

/** How long an actor may take; longer means that packets vanished. */
const ANSWER_MS = 15_000

/** Starts an actor on a host of the lab. Its calls reject with the `code` and `syscall` of the error on that host. */
export async function startActor(host: LabHost): Promise<ActorCalls & { stop(): void }> {
  const child = forkOn(host, new URL('./lab-actor.js', import.meta.url))
  await once(child, 'message')
  let nextId = 1
  const call = (name: keyof ActorCalls, ...args: unknown[]): Promise<never> =>
    ask(child, nextId++, name, args)
  return {
    hold: (options) => call('hold', options),
    say: (id, text) => call('say', id, text),
    reset: (id) => call('reset', id),
    datagram: (options) => call('datagram', options),
    stop: () => void child.kill(),
  }
}

function ask(child: ChildProcess, id: number, name: string, args: unknown[]): Promise<never> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      clearTimeout(timer)
      child.off('message', onAnswer)
      child.off('exit', onExit)
    }
    const onAnswer = (answer: Answer): void => {
      if (answer.id !== id) return
      finish()
      if (answer.error) reject(Object.assign(new Error(answer.error.message), answer.error))
      else resolve(answer.value as never)
    }
    const onExit = (code: number | null): void => {
      finish()
      reject(new Error(`the actor ended (${code}) during ${name}`))
    }
    const timer = setTimeout(() => {
      finish()
      reject(Object.assign(new Error(`no answer to ${name} within ${ANSWER_MS} ms`), { code: 'ETIMEDOUT' }))
    }, ANSWER_MS)
    child.on('message', onAnswer)
    child.once('exit', onExit)
    child.send({ id, name, args })
  })
}
