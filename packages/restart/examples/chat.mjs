// A chat over WebSockets. At a restart the next version gets all that was said, its clients come after, and no word is lost.
//
//   node chat.mjs 8080 control.sock
//   node chat-client.mjs ws://127.0.0.1:8080 Ann       as often as you like, with other names
//   npx restart --socket control.sock
import { createServer } from 'node:http'
import { openInstance } from '@slatfatf/restart'
import { WebSocketServer } from 'ws'

const [port, control] = process.argv.slice(2)

// From here until its clients are gone this version takes no more words: the next one would not have them. What comes is
// not confirmed, so the clients say it again to the next version.
let isSaved = false
function save() {
  isSaved = true
  return { bytes: Buffer.from(JSON.stringify(said)) }
}

// The next version failed: this one goes on, and asks for what it did not take.
function undo() {
  isSaved = false
  for (const client of chat.clients) client.close(1012, 'come again')
}

const instance = await openInstance({ coordination: { path: control }, state: { version: 1, save, undo } })
const { state } = instance.before
const said = state === undefined ? [] : JSON.parse(Buffer.from(state.bytes).toString())

const server = createServer()
const chat = new WebSocketServer({ server })
chat.on('connection', (client) => {
  for (const word of said) client.send(JSON.stringify(word))
  client.on('message', (data) => {
    const { id, from, text } = JSON.parse(data)
    if (isSaved || said.some((word) => word.id === id)) return
    const word = { id, from, text, version: instance.generation }
    said.push(word)
    // To the one who said it this is the confirmation.
    for (const each of chat.clients) each.send(JSON.stringify(word))
  })
})

// Each client is told to go away (1001), one after the other within half a second: they all come back.
instance.drain.webSocket('clients', chat, { code: 1001, spreadMs: 500 })
instance.drain.http('chat', server)
const socket = await instance.listen('chat', { host: '127.0.0.1', port: Number(port) })
server.listen(socket.listenOptions())
await instance.ready()
console.log(`version ${instance.generation}: port ${socket.address.port}, ${said.length} words so far`)
