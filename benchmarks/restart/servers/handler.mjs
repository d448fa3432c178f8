import { setTimeout as delay } from 'node:timers/promises'

/**
 * What every server here does with a request: reads the body, works for 1 to 5 ms, says which process answered.
 *
 * @param {import('node:http').IncomingMessage} request
 * @param {import('node:http').ServerResponse} response
 */
export async function handle(request, response) {
  let body = ''
  request.setEncoding('utf8')
  for await (const part of request) body += part
  await delay(1 + (Number(body) % 5))
  const answer = `${process.pid} ${body}`
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': answer.length }).end(answer)
}

/** Node ends a connection after five quiet seconds by default; no variant differs in that. */
export const serverOptions = { keepAliveTimeout: 30_000 }
