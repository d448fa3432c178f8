/** Datagrams as records, see {@link ../udp/route.ts} and native/udp_datagrams.h. None of these calls waits. */
export interface DatagramBinding {
  /** The local address of each datagram is told from now on. `EPROTOTYPE`: no UDP socket. Throws. */
  prepareDatagrams(fd: number): void
  /** Bytes granted. Throws. */
  setReceiveBuffer(fd: number, bytes: number): number
  /** What the kernel threw away because the buffer was full. Throws. */
  droppedDatagrams(fd: number): number
  /** How many records are in the slab, which has a slot for each length, or `-errno`. */
  receiveDatagrams(fd: number, slab: Uint8Array, lengths: Int32Array): number
  /** From the address that the peer wrote to. Bytes sent, or `-errno`. */
  sendDatagram(fd: number, route: Uint8Array, payload: Uint8Array): number
  /** From another process; a length of 0 is the end. */
  receiveRecords(fd: number, slab: Uint8Array, lengths: Int32Array): number
  /** `spans` are pairs of offset and length. How many records went, or `-errno`. */
  sendRecords(fd: number, bytes: Uint8Array, spans: Int32Array, count: number): number
}
