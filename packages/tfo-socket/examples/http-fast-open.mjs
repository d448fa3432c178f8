// HTTP whose request travels in the SYN, with node:http and with fetch.
//   node http-fast-open.mjs server 0.0.0.0 8080
//   node http-fast-open.mjs client http://192.0.2.2:8080/
import { createServer, get } from 'node:http'
import { text } from 'node:stream/consumers'
import { fastOpenInfo, listen } from '@slatfatf/tfo-socket'
import { Agent, undiciConnector } from '@slatfatf/tfo-socket/http'
import { fetch, Agent as UndiciAgent } from 'undici'

const [role, where, port] = process.argv.slice(2)

if (role === 'server') {
  const server = createServer((request, response) => {
    const inSyn = fastOpenInfo(request.socket).dataAccepted
    response.end(inSyn ? 'your request came in the SYN' : 'your request came after the handshake')
  })
  const { fastOpen, hint } = await listen(server, { host: where, port: Number(port) })
  console.log(`listening on ${server.address().port}${fastOpen ? '' : `, without Fast Open: ${hint}`}`)
} else {
  // Each request on a connection of its own; the first one fetches the cookie.
  const agent = new Agent({ keepAlive: false })
  for (let i = 0; i < 2; i += 1) {
    console.log(`node:http: ${await text(await response(where, agent))}`)
  }

  // undici does not tell a connector what it will send: say that all of it may be delivered twice.
  const dispatcher = new UndiciAgent({ connect: undiciConnector({ replaySafe: true }) })
  console.log(`fetch: ${await (await fetch(where, { dispatcher })).text()}`)
  await dispatcher.close()
}

function response(url, agent) {
  return new Promise((resolve, reject) => {
    get(url, { agent }, resolve).on('error', reject)
  })
}
