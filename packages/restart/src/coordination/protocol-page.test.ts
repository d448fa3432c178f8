// Keeps docs/protocol.md true: what it shows is what the codec reads, and what the sources can say is on it.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { decodeReply } from './decode-reply.js'
import { decodeRequest } from './decode-request.js'
import { encodeReply, encodeRequest } from './encode-message.js'
import { FrameReader } from './frame-reader.js'
import { BUSY, MAX_MESSAGE_BYTES, PROTOCOL_VERSION, REQUEST_TYPES, type Reply, STAGES } from './protocol.js'

const room = fileURLToPath(new URL('.', import.meta.url))
const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')

const blocks = (kind: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text!)

test.each(blocks('json asker'))('the codec reads and writes the request %s', (text) => {
  const { version, id, ...request } = JSON.parse(text)
  expect(version).toBe(PROTOCOL_VERSION)
  expect(decodeRequest(Buffer.from(text))).toEqual({ id, request })
  expect(JSON.parse(String(encodeRequest(id, request).subarray(4)))).toEqual(JSON.parse(text))
})

test.each(blocks('json instance'))('the codec reads and writes the message %s', (text) => {
  const { version, ...reply } = JSON.parse(text)
  expect(version).toBe(PROTOCOL_VERSION)
  expect(decodeReply(Buffer.from(text))).toEqual(reply)
  expect(JSON.parse(String(encodeReply(reply as Reply).subarray(4)))).toEqual(JSON.parse(text))
})

test('the bytes are those of a ping', () => {
  const [hex] = blocks('hex')
  const bytes = Buffer.from(hex!.replaceAll(/\s/g, ''), 'hex')
  expect(bytes).toEqual(encodeRequest(1, { type: 'ping' }))
  expect([...new FrameReader().read(bytes)]).toHaveLength(1)
})

test('every request, stage and code is on the page, and so are the limits', () => {
  for (const word of [...REQUEST_TYPES, ...STAGES, ...BUSY]) expect(page).toContain(`\`${word}\``)
  expect(page).toContain(MAX_MESSAGE_BYTES.toLocaleString('en'))
  const files = [
    'asker.ts',
    'coordination-server.ts',
    'decode-request.ts',
    'encode-message.ts',
    'failure.ts',
    'frame-reader.ts',
  ]
  expect(readdirSync(room)).toEqual(expect.arrayContaining(files))
  const sources = files.map((file) => readFileSync(`${room}/${file}`, 'utf8')).join('')
  for (const [code] of sources.matchAll(/ERR_RESTART_\w+/g)) expect(page).toContain(`\`${code}\``)
})
