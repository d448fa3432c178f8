import { type Failure, MAX_MESSAGE_BYTES, PROTOCOL_VERSION, type Reply, type Request } from './protocol.js'

/** The frame of a request. */
export function encodeRequest(id: number, request: Request): Buffer {
  return frame(json({ id, ...request }))
}

/**
 * The frame of a reply.
 *
 * A failure whose words are too many loses the first lines of standard error, then the end of its words. An answer
 * that is too large otherwise becomes a failure that says so.
 */
export function encodeReply(reply: Reply): Buffer {
  let text = json(reply)
  if (fits(text)) return frame(text)
  if (reply.type === 'answer' && !reply.ok) {
    text = json({ ...reply, ...shorten(reply) })
    if (fits(text)) return frame(text)
  }
  const failure: Failure = {
    code: 'ERR_RESTART_TOO_LARGE',
    message: `the answer has ${Buffer.byteLength(text)} bytes, and ${MAX_MESSAGE_BYTES} is the most`,
  }
  const id = reply.type === 'hello' ? null : reply.id
  return frame(json({ type: 'answer', id, ok: false, ...failure }))
}

function json(fields: object): Buffer {
  return Buffer.from(JSON.stringify({ version: PROTOCOL_VERSION, ...fields }))
}

function fits(text: Buffer): boolean {
  return text.length <= MAX_MESSAGE_BYTES
}

function frame(text: Buffer): Buffer {
  const bytes = Buffer.allocUnsafe(4 + text.length)
  bytes.writeUInt32BE(text.length, 0)
  text.copy(bytes, 4)
  return bytes
}

/** A byte may take six in JSON, and all of these together must fit. */
const MAX_WORDS = 2_000
const MAX_LINES = 20
const MAX_LINE = 300

function shorten({ message, hint, stderr }: Failure): Pick<Failure, 'message' | 'hint' | 'stderr'> {
  return {
    message: cut(message, MAX_WORDS),
    ...(hint === undefined ? {} : { hint: cut(hint, MAX_LINE) }),
    ...(stderr === undefined ? {} : { stderr: stderr.slice(-MAX_LINES).map((line) => cut(line, MAX_LINE)) }),
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text
}
