import { invalidType, invalidValue } from '../errors/invalid-argument.js'
import { MAX_DESCRIPTORS_PER_MESSAGE } from './channel-binding.js'
import { encodeBytes, encodeChunk, encodeMessage, encodeMore, MAX_MESSAGE_BYTES } from './frame.js'

/** One packet, and the descriptors that go with it. */
export interface Packet {
  bytes: Uint8Array
  fds: Int32Array
}

const MAX_COUNT = 2 ** 32 - 1

const none = new Int32Array()

/** The packets of a message, made one by one. Throws for what cannot be sent before there is any. */
export function messagePackets(message: object, fds: readonly number[]): Iterator<Packet> {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) {
    throw invalidType('message', 'an object', message)
  }
  for (const fd of fds) {
    if (!Number.isInteger(fd) || fd < 0) throw invalidValue('fds', 'descriptors', fd)
  }
  const json = Buffer.from(JSON.stringify(message))
  if (json.byteLength > MAX_MESSAGE_BYTES) {
    throw invalidValue('message', `at most ${MAX_MESSAGE_BYTES} bytes of JSON`, `${json.byteLength} bytes`)
  }
  return packMessage(json, fds.slice())
}

function* packMessage(json: Uint8Array, fds: readonly number[]): Generator<Packet, undefined> {
  const first = fds.slice(0, MAX_DESCRIPTORS_PER_MESSAGE)
  yield { bytes: encodeMessage(json, fds.length), fds: Int32Array.from(first) }
  for (let at = first.length; at < fds.length; at += MAX_DESCRIPTORS_PER_MESSAGE) {
    const more = fds.slice(at, at + MAX_DESCRIPTORS_PER_MESSAGE)
    yield { bytes: encodeMore(more.length), fds: Int32Array.from(more) }
  }
}

/** The packets of bytes under a tag. */
export function bytesPackets(tag: string, bytes: Uint8Array): Iterator<Packet> {
  if (typeof tag !== 'string') throw invalidType('tag', 'a string', tag)
  if (Buffer.byteLength(tag) > MAX_MESSAGE_BYTES) throw invalidValue('tag', 'shorter', `${tag.slice(0, 20)}…`)
  if (!(bytes instanceof Uint8Array)) throw invalidType('bytes', 'a Uint8Array', bytes)
  if (bytes.byteLength > MAX_COUNT) throw invalidValue('bytes', 'less than 4 GiB', bytes.byteLength)
  return packBytes(tag, bytes)
}

function* packBytes(tag: string, bytes: Uint8Array): Generator<Packet, undefined> {
  yield { bytes: encodeBytes(bytes.byteLength, tag), fds: none }
  for (let at = 0; at < bytes.byteLength; at += MAX_MESSAGE_BYTES) {
    yield { bytes: encodeChunk(bytes.subarray(at, at + MAX_MESSAGE_BYTES)), fds: none }
  }
}
