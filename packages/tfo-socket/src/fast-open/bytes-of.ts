/** Data as bytes, a string in UTF-8. */
export function bytesOf(data: string | Uint8Array | undefined): Uint8Array {
  if (data === undefined) return new Uint8Array(0)
  return typeof data === 'string' ? Buffer.from(data) : data
}
