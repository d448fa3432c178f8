/** Bytes around the packet in {@link place}. */
const MARGIN = 24

/** A packet in the middle of a view, between guard bytes. */
export interface Placed {
  view: DataView
  offset: number
  length: number
  /** The bytes of the packet as they are now. */
  bytes(): number[]
  guardsIntact(): boolean
}

/** Puts a packet between guard bytes, `shift` bytes off an aligned position, into a view that is itself off the beginning of its buffer. */
export function place(bytes: ArrayLike<number>, { shift = 0, guard = 0xa5 } = {}): Placed {
  const memory = new Uint8Array(8 + MARGIN + shift + bytes.length + MARGIN).fill(guard)
  const view = new DataView(memory.buffer, 8)
  const offset = MARGIN + shift
  memory.set(Array.from(bytes), 8 + offset)
  return {
    view,
    offset,
    length: bytes.length,
    bytes: () => Array.from(memory.subarray(8 + offset, 8 + offset + bytes.length)),
    guardsIntact: () =>
      memory.subarray(0, 8 + offset).every((byte) => byte === guard) &&
      memory.subarray(8 + offset + bytes.length).every((byte) => byte === guard),
  }
}
