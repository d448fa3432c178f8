/**
 * The slice a client is tried on first. A client keeps its slice, and with it its external address, for as long as there is room in
 * it ("paired" pooling, RFC 4787 REQ-2); different clients spread evenly.
 */
export function homeSlice(client: number, slices: number): number {
  let hash = Math.imul(client ^ (client >>> 16), 0x45d9f3b)
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b)
  return ((hash ^ (hash >>> 16)) >>> 0) % slices
}
