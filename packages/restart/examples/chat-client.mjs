// Says each line of standard input in the chat of chat.mjs, and prints what all say. Connects again when the chat restarts.
//
//   node chat-client.mjs ws://127.0.0.1:8080 Ann
import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const [url, from] = process.argv.slice(2)
/** Said here and not confirmed by the chat. */
const unconfirmed = new Map()
const printed = new Set()
let chat

function say(word) {
  if (chat.readyState === WebSocket.OPEN) chat.send(JSON.stringify(word))
}

function join() {
  chat = new WebSocket(url)
  // "close" follows.
  chat.on('error', () => {})
  chat.on('open', () => {
    for (const word of unconfirmed.values()) say(word)
  })
  chat.on('message', (data) => {
    const { id, from, text, version } = JSON.parse(data)
    unconfirmed.delete(id)
    if (!printed.has(id)) console.log(`${from}: ${text} (version ${version})`)
    printed.add(id)
  })
  chat.on('close', (code) => {
    console.log(`closed with ${code}`)
    // Not all at once.
    setTimeout(join, 200 * Math.random())
  })
}

join()
createInterface({ input: process.stdin }).on('line', (text) => {
  const word = { id: randomUUID(), from, text }
  unconfirmed.set(word.id, word)
  say(word)
})
