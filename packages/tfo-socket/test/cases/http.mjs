// HTTP in two processes: servers that say how a request reached them, and clients of all three kinds.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { createServer as createSecureServer, request as httpsRequest } from 'node:https'
import { buffer, text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { fastOpenInfo, listen } from '@slatfatf/tfo-socket'
import { Agent, HttpsAgent, undiciConnector } from '@slatfatf/tfo-socket/http'
import { fetch, Agent as UndiciAgent } from 'undici'

// A shared key instead of a certificate: TLS without files.
const key = Buffer.alloc(16, 7)
const identity = 'test'
const secure = { ciphers: 'PSK', maxVersion: 'TLSv1.2' }
const trust = {
  ...secure,
  pskCallback: () => ({ psk: key, identity }),
  checkServerIdentity: () => undefined,
}

const closers = []

export async function serve(scheme, host, options = {}) {
  const server =
    scheme === 'https'
      ? createSecureServer({ ...secure, pskCallback: () => key }, answer)
      : createServer(answer)
  const rawSockets = new Map()
  // Of a TLS socket the kernel knows nothing; the one beneath is told here.
  server.on('connection', (socket) => rawSockets.set(socket.remotePort, socket))
  async function answer(request, response) {
    const { remotePort } = request.socket
    const { length } = await buffer(request)
    if (request.url === '/never') return
    const inSyn = fastOpenInfo(rawSockets.get(remotePort)).dataAccepted
    response.end(JSON.stringify({ inSyn, method: request.method, length, remotePort }))
  }
  await listen(server, { host, port: 0, ...options })
  closers.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return server.address().port
}

let agent

export function useAgent(scheme, options) {
  agent = scheme === 'https' ? new HttpsAgent({ ...trust, ...options }) : new Agent(options)
  const mine = agent
  closers.push(() => mine.destroy())
}

export async function get(url, { method = 'GET', bodyBytes = 0 } = {}) {
  const send = url.startsWith('https') ? httpsRequest : httpRequest
  const request = send(url, { agent, method })
  request.end(Buffer.alloc(bodyBytes, 'b'))
  const [response] = await once(request, 'response')
  return JSON.parse(await text(response))
}

/** The names of the sockets that the agent keeps open. */
export function openSockets() {
  return [...Object.values(agent.sockets), ...Object.values(agent.freeSockets)].flat().length
}

/** So many requests at once; what came of each. */
export async function getTogether(url, count) {
  const results = await Promise.allSettled(Array.from({ length: count }, () => get(url)))
  return results.map(({ value, reason }) => value ?? { code: reason.code })
}

const ways = {
  destroy: (request) => request.destroy(),
  'destroy with an error': (request) => request.destroy(Object.assign(new Error('mine'), { code: 'MINE' })),
  abort: (request) => request.abort(),
  'end the agent of': () => agent.destroy(),
  'wait for the timeout of': () => {},
}

/** Makes a request, ends it while its connection is being made, and tells its events and how many sockets are left. */
export async function endWhileConnecting(url, way, options = {}) {
  const before = socketCount()
  const send = url.startsWith('https') ? httpsRequest : httpRequest
  const request = send(url, { agent, ...options })
  const events = []
  for (const name of ['socket', 'timeout', 'error']) {
    request.on(name, (error) => events.push(error?.code ?? name))
  }
  request.once('timeout', () => request.destroy())
  request.end()
  const closed = new Promise((resolve) => {
    request.on('close', resolve)
  })
  while (socketCount() === before) await setImmediate()
  ways[way](request)
  await closed
  while (socketCount() > before) await setImmediate()
  return events
}

/** A request whose TLS options are refused when its connection is there. */
export async function sendRefusedByTls(url) {
  const before = socketCount()
  const request = httpsRequest(url, { agent, minVersion: 'none such' })
  const [{ code }] = await once(request.end(), 'error')
  while (socketCount() > before) await setImmediate()
  return code
}

function socketCount() {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith('socket:')
    } catch {
      return false
    }
  }).length
}

export async function fetchWith(options, url, { method = 'GET', bodyBytes = 0 } = {}) {
  const connect = undiciConnector({ ...(url.startsWith('https') && { tls: trust }), ...options })
  const dispatcher = new UndiciAgent({ connect })
  try {
    const body = bodyBytes > 0 ? Buffer.alloc(bodyBytes, 'b') : undefined
    const response = await fetch(url, { dispatcher, method, body })
    return await response.json()
  } catch (error) {
    throw error.cause ?? error
  } finally {
    await dispatcher.destroy()
  }
}

/** Fetches twice; between the second connect and its ClientHello the kernel loses the cookie of the first. */
export async function fetchWithoutCookie(url) {
  await fetchWith({}, url)
  let connections = 0
  const tls = {
    ...trust,
    // TLS options are read after connect, and before anything is written.
    get ALPNProtocols() {
      connections += 1
      if (connections === 1) execFileSync('ip', ['tcp_metrics', 'flush', 'all'])
      return ['http/1.1']
    },
  }
  const answer = await fetchWith({ tls }, url)
  return { ...answer, connections }
}

export function construct(kind, options) {
  if (kind === 'undici') undiciConnector(options)
  else new (kind === 'https' ? HttpsAgent : Agent)(options)
}

export async function reset() {
  for (const close of closers.splice(0)) await close()
}
