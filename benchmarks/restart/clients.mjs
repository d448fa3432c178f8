// The hammer: clients that send POST after POST over one connection each, and never send one again. Prints `hammering` when everybody
// has an answer, and at the end of its standard input one line of JSON.
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

const [port, count] = process.argv.slice(2).map(Number)
const sockets = new Set()
const processes = new Set()
/** @type {Record<string, number>} */
const errors = {}
let answers = 0
let longestGapMs = 0
let over = false

/** @param {Agent} agent @param {string} body */
function post(agent, body) {
  return new Promise((resolve, reject) => {
    const options = { agent, port, host: '127.0.0.1', method: 'POST', timeout: 5_000 }
    const sent = request(options, async (response) => {
      let text = ''
      response.setEncoding('utf8')
      try {
        for await (const part of response) text += part
        const [pid, echo] = text.split(' ')
        if (response.statusCode !== 200 || echo !== body) reject(new Error(`status ${response.statusCode}`))
        resolve(pid)
      } catch (error) {
        reject(error)
      }
    })
    sent.on('socket', (socket) => sockets.add(socket))
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'HUNG' })))
    sent.on('error', reject)
    sent.end(body)
  })
}

/** @param {number} client @param {() => void} begun */
async function hammer(client, begun) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  let last = performance.now()
  for (let n = 0; !over; n++) {
    try {
      processes.add(await post(agent, String(client * 1_000_000 + n)))
      answers++
      const now = performance.now()
      if (n > 0) longestGapMs = Math.max(longestGapMs, now - last)
      last = now
      begun()
    } catch (error) {
      const code = String(/** @type {any} */ (error).code ?? /** @type {Error} */ (error).message)
      errors[code] = (errors[code] ?? 0) + 1
      // A client without an answer waits a moment, or a server that is away would be counted at the speed of the client.
      await delay(10)
    }
  }
  agent.destroy()
}

/** @type {Promise<void>[]} */
const running = []
const everybody = Array.from({ length: count ?? 0 }, (_, client) => {
  return new Promise((resolve) => running.push(hammer(client, () => resolve(undefined))))
})
await Promise.all(everybody)
const openedBefore = sockets.size
console.log('hammering')
const began = performance.now()
const answersBefore = answers
process.stdin.resume()
await once(process.stdin, 'end')
over = true
await Promise.all(running)
const perSecond = ((answers - answersBefore) * 1000) / (performance.now() - began)
const failed = Object.values(errors).reduce((sum, each) => sum + each, 0)
console.log(
  JSON.stringify({
    answers,
    perSecond,
    failed,
    errors,
    openedBefore,
    sockets: sockets.size,
    longestGapMs,
    processes: processes.size,
  }),
)
