import { createSlice, type Slice as Endpoints } from '@slatfatf/tfo-socket'

/** A port range of one address that this machine may use, as plain data. `address` is IPv4 in host order, `text` the same for system calls. */
export interface SliceSettings {
  readonly address: number
  readonly text: string
  readonly first: number
  readonly last: number
}

/** A slice that endpoints can be had from. */
export interface Slice {
  /** IPv4 in host order. */
  readonly address: number
  /** Hands them out; remembers for a moment that there are none. */
  readonly endpoints: Endpoints
}

/** The slices of this machine. */
export class Slices {
  readonly all: readonly Slice[]
  readonly #addresses: ReadonlySet<number>

  /** Every reservation carries `mark`, by which return packets are told. */
  constructor(slices: readonly SliceSettings[], mark: number) {
    this.all = slices.map(({ address, text, first, last }) => ({
      address,
      endpoints: createSlice({ address: text, ports: { first, last }, mark }),
    }))
    this.#addresses = new Set(slices.map(({ address }) => address))
  }

  /** True when a slice lies on this address. Asked for every packet: constant time, allocates nothing. */
  hasAddress(address: number): boolean {
    return this.#addresses.has(address)
  }
}
