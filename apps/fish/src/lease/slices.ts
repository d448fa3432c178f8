/** A port range of one address that this machine may use. `address` is IPv4 in host order, `text` the same for system calls. */
export interface Slice {
  readonly index: number
  readonly address: number
  readonly text: string
  readonly first: number
  readonly last: number
}

/** The slices of this machine. */
export class Slices {
  readonly all: readonly Slice[]
  readonly #addresses: ReadonlySet<number>

  constructor(slices: readonly Slice[]) {
    this.all = slices
    this.#addresses = new Set(slices.map(({ address }) => address))
  }

  /** True when a slice lies on this address. Asked for every packet: constant time, allocates nothing. */
  hasAddress(address: number): boolean {
    return this.#addresses.has(address)
  }
}
