import { parkCodes, refusedPark } from './park-error.js'

/** One message in the queue. The first has number 0, the label, and no descriptors. */
export interface ParkedMessage {
  readonly sequence: number
  readonly count: number
  readonly label: string
}

export const mostLabelBytes = 255

const magic = 'rstpark1'
const offsets = { sequence: 8, count: 12, label: 16 }

/** More than a message of ours ever is. */
export const messageRoomBytes = offsets.label + mostLabelBytes + 1

export function encodeParkedMessage(message: ParkedMessage): Uint8Array {
  const label = Buffer.from(message.label)
  const encoded = Buffer.alloc(offsets.label + label.length)
  encoded.write(magic, 'latin1')
  encoded.writeUInt32LE(message.sequence, offsets.sequence)
  encoded.writeUInt32LE(message.count, offsets.count)
  label.copy(encoded, offsets.label)
  return encoded
}

/** Trusts nothing: a queue that somebody else wrote to is refused. */
export function decodeParkedMessage(bytes: Uint8Array, expectedSequence: number): ParkedMessage {
  const encoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  if (encoded.length < offsets.label || encoded.toString('latin1', 0, magic.length) !== magic) {
    throw refusedPark(parkCodes.foreign, 'There is something in the queue that park() did not put there')
  }
  const sequence = encoded.readUInt32LE(offsets.sequence)
  if (sequence !== expectedSequence) {
    throw refusedPark(
      parkCodes.foreign,
      `Message ${expectedSequence} of the queue is missing, the next one is ${sequence}`,
    )
  }
  return {
    sequence,
    count: encoded.readUInt32LE(offsets.count),
    label: encoded.toString('utf8', offsets.label),
  }
}
