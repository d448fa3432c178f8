/** Files in memory, seen as bytes. Everything here throws an Error with `code`, `errno` and `syscall`. */
export interface MappedFileBinding {
  /** Maps the file's first `offsetBytes + sizeBytes`; the buffer begins at the offset. */
  mapFileAt(fd: number, offsetBytes: number, sizeBytes: number): ArrayBuffer
  /** Views of the buffer are empty from then on. False: it is not a mapped one, or was unmapped before. */
  unmapFile(buffer: ArrayBuffer): boolean
  sealFile(fd: number, seals: number): void
}

/** linux/fcntl.h */
export const seals = { F_SEAL_SEAL: 1, F_SEAL_SHRINK: 2, F_SEAL_GROW: 4, F_SEAL_WRITE: 8 } as const
