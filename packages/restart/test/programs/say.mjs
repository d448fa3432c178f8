// How the programs of test/park and test/state talk: a JSON value a line, and words from stdin.
import { createInterface } from 'node:readline'

export const say = (value) => console.log(JSON.stringify(value))

const input = createInterface(process.stdin)
const words = []
const waiting = []

input.on('line', (line) => {
  const waiter = waiting.shift()
  if (waiter) waiter(line)
  else words.push(line)
})
// Nobody is left who could want anything.
input.on('close', () => process.exit(0))

export const hear = () =>
  words.length > 0
    ? Promise.resolve(words.shift())
    : new Promise((resolve) => {
        waiting.push(resolve)
      })

/** The code and the hint of what an action throws. */
export async function refusal(action) {
  try {
    await action()
    return null
  } catch (error) {
    return { code: error.code ?? String(error), hint: error.hint ?? null, message: error.message }
  }
}
