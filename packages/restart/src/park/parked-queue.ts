import { binding } from '../binding.js'
import { MAX_DESCRIPTORS_PER_MESSAGE } from '../channel/channel-binding.js'
import { errnoError } from '../errors/restart-error.js'
import { parkCodes, refusedPark } from './park-error.js'
import { decodeParkedMessage, messageRoomBytes, type ParkedMessage } from './parked-message.js'

export interface QueueContents {
  readonly label: string
  /** Descriptors. */
  readonly count: number
  readonly messages: number
}

const none = new Int32Array(0)

/** What is in the queue, without touching a descriptor; undefined if there is nothing. */
export function inspectQueue(fd: number): QueueContents | undefined {
  let label: string | undefined
  let count = 0
  let messages = 0
  peekAll(fd, none, (message) => {
    label ??= message.label
    count += message.count
    messages += 1
  })
  return label === undefined ? undefined : { label, count, messages }
}

/** Duplicates of all descriptors in the queue, or none. */
export function copyQueue(fd: number): number[] {
  const copies: number[] = []
  const room = new Int32Array(MAX_DESCRIPTORS_PER_MESSAGE + 1)
  try {
    peekAll(fd, room, (message) => {
      const received = room[0]!
      for (let index = 1; index <= received; index++) copies.push(room[index]!)
      if (received === message.count) return
      throw refusedPark(
        parkCodes.foreign,
        `Message ${message.sequence} of the queue has ${received} descriptors instead of ${message.count}`,
      )
    })
    return copies
  } catch (error) {
    for (const copy of copies) binding().closeFd(copy)
    throw error
  }
}

/** Empties the queue; what is open nowhere else is closed by that. */
export function drainQueue(fd: number): void {
  const bytes = new Uint8Array(messageRoomBytes)
  while (binding().receiveQueued(fd, bytes, none, false) > 0);
}

function peekAll(fd: number, descriptors: Int32Array, visit: (message: ParkedMessage) => void): void {
  const { receiveQueued, setPeekOffset } = binding()
  const bytes = new Uint8Array(messageRoomBytes)
  // The offset belongs to the socket, not to this process: whoever looked before may have died in the middle.
  setPeekOffset(fd, 0)
  try {
    for (let sequence = 0; ; sequence++) {
      const length = receiveQueued(fd, bytes, descriptors, true)
      if (length <= 0) {
        if (isEnd(length)) return
        throw peekRefusal(length)
      }
      visit(decodeParkedMessage(bytes.subarray(0, length), sequence))
    }
  } finally {
    setPeekOffset(fd, -1)
  }
}

function isEnd(length: number): boolean {
  return length === 0 || errnoError(length, 'look').code === 'EAGAIN'
}

function peekRefusal(errno: number): Error {
  const refused = errnoError(errno, 'look into the queue of parked descriptors', undefined, {
    syscall: 'recvmsg',
  })
  if (refused.code === 'EMFILE') {
    return refusedPark(parkCodes.tooMany, 'The process cannot open as many descriptors as are parked')
  }
  if (refused.code === 'EMSGSIZE') {
    return refusedPark(parkCodes.foreign, 'There is something in the queue that park() did not put there')
  }
  return refused
}
