/** A byte for each descriptor number that a reservation of this thread owns. Adopting one of them would close it twice. */
let owned = new Uint8Array(1024)

export function noteOwned(fd: number): void {
  if (fd >= owned.length) {
    const larger = new Uint8Array(Math.max(2 * owned.length, fd + 1))
    larger.set(owned)
    owned = larger
  }
  owned[fd] = 1
}

export function noteGone(fd: number): void {
  owned[fd] = 0
}

export function isOwned(fd: number): boolean {
  return owned[fd] === 1
}
