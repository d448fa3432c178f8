/**
 * What one packet of a channel is. All numbers are big-endian.
 *
 *     message   'M'  u32 descriptors in all   JSON      with the first 253 of them
 *     more      'F'  u32 descriptors in it              with these
 *     bytes     'B'  u32 how many in all      tag       they follow, and nothing in between
 *     chunk     'C'  bytes
 */
export type Frame =
  | { type: 'message'; total: number; message: object }
  | { type: 'more'; count: number }
  | { type: 'bytes'; length: number; tag: string }
  | { type: 'chunk'; bytes: Uint8Array }

const MESSAGE = 0x4d
const MORE = 0x46
const BYTES = 0x42
const CHUNK = 0x43

const HEADER_BYTES = 5

/** The JSON of a message, and a chunk, have at most this many bytes. */
export const MAX_MESSAGE_BYTES = 64 * 1024

export const MAX_PACKET_BYTES = HEADER_BYTES + MAX_MESSAGE_BYTES

const decoder = new TextDecoder('utf-8', { fatal: true })

export function encodeMessage(json: Uint8Array, total: number): Uint8Array {
  return encode(MESSAGE, total, json)
}

export function encodeMore(count: number): Uint8Array {
  return encode(MORE, count, new Uint8Array())
}

export function encodeBytes(length: number, tag: string): Uint8Array {
  return encode(BYTES, length, Buffer.from(tag))
}

export function encodeChunk(bytes: Uint8Array): Uint8Array {
  const packet = Buffer.allocUnsafe(1 + bytes.byteLength)
  packet[0] = CHUNK
  packet.set(bytes, 1)
  return packet
}

function encode(type: number, number: number, body: Uint8Array): Uint8Array {
  const packet = Buffer.allocUnsafe(HEADER_BYTES + body.byteLength)
  packet[0] = type
  packet.writeUInt32BE(number, 1)
  packet.set(body, HEADER_BYTES)
  return packet
}

/** Undefined if it is none. The bytes of a chunk are a view of `packet`. */
export function decodeFrame(packet: Buffer): Frame | undefined {
  if (packet[0] === CHUNK) return { type: 'chunk', bytes: packet.subarray(1) }
  if (packet.byteLength < HEADER_BYTES) return undefined
  const number = packet.readUInt32BE(1)
  const body = packet.subarray(HEADER_BYTES)
  switch (packet[0]) {
    case MESSAGE: {
      const message = decodeObject(body)
      return message && { type: 'message', total: number, message }
    }
    case MORE:
      return body.byteLength === 0 ? { type: 'more', count: number } : undefined
    case BYTES: {
      const tag = decodeText(body)
      return tag === undefined ? undefined : { type: 'bytes', length: number, tag }
    }
    default:
      return undefined
  }
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

function decodeObject(bytes: Uint8Array): object | undefined {
  try {
    const value: unknown = JSON.parse(decoder.decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
