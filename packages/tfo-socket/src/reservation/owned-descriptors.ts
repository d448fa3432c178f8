/** A byte for each descriptor number that a reservation of this thread owns. */
interface Owned {
  bytes: Uint8Array
}

/** One for all copies of this package: a program that imports it and requires it has two. */
const key = Symbol.for('@slatfatf/tfo-socket/owned-descriptors')
const shared = globalThis as unknown as Record<typeof key, Owned | undefined>

function ownedDescriptors(): Owned {
  shared[key] ??= { bytes: new Uint8Array(1024) }
  return shared[key]
}

export function noteOwned(fd: number): void {
  const owned = ownedDescriptors()
  if (fd >= owned.bytes.length) {
    const larger = new Uint8Array(Math.max(2 * owned.bytes.length, fd + 1))
    larger.set(owned.bytes)
    owned.bytes = larger
  }
  owned.bytes[fd] = 1
}

export function noteGone(fd: number): void {
  ownedDescriptors().bytes[fd] = 0
}

/** Adopting such a descriptor would close it twice. */
export function isOwned(fd: number): boolean {
  return ownedDescriptors().bytes[fd] === 1
}
