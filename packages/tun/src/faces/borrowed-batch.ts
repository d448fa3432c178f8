import type { PacketBatch } from '../batch/packet-batch.js'
import { TunError } from '../errors/tun-error.js'

/** A batch that is lent: do not touch it after {@link release}, or after asking for the next one. */
export interface BorrowedBatch extends PacketBatch, Disposable {
  /** Gives the batch back before the next one is asked for. Idempotent. */
  release(): void
}

/** What the bytes of a released batch are in development mode: no IP version, so nothing takes them for a packet. */
const POISON = 0xdd

/**
 * Lends a batch. With `guard`, every use after release throws `ERR_TUN_RELEASED`, and the packets are overwritten so that a
 * view that was kept shows it; without, the batch itself is handed out, at no cost.
 */
export class BatchLender {
  readonly #batch: PacketBatch
  readonly #plain: BorrowedBatch | undefined
  #revoke: (() => void) | undefined

  constructor(batch: PacketBatch, guard: boolean) {
    this.#batch = batch
    if (!guard) this.#plain = Object.assign(batch, { release, [Symbol.dispose]: release })
  }

  lend(): BorrowedBatch {
    return this.#plain ?? this.#lendGuarded()
  }

  takeBack(): void {
    this.#revoke?.()
    this.#revoke = undefined
  }

  /** Takes the batch back for good: it is its owner's again, as it was. */
  close(): void {
    this.takeBack()
    const plain: Partial<BorrowedBatch> | undefined = this.#plain
    // The last one first: so the object keeps the shape that fast code is made for.
    delete plain?.[Symbol.dispose]
    delete plain?.release
  }

  #lendGuarded(): BorrowedBatch {
    const batch = this.#batch
    let isReleased = false
    const revoke = () => {
      if (isReleased) return
      isReleased = true
      poison(batch)
    }
    this.#revoke = revoke
    const use = (property: string | symbol) => {
      if (isReleased) throw releasedError(property)
    }
    return new Proxy(batch, {
      get(target, property) {
        if (property === 'release' || property === Symbol.dispose) return revoke
        use(property)
        const value: unknown = Reflect.get(target, property, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
      set(target, property, value) {
        use(property)
        return Reflect.set(target, property, value, target)
      },
    }) as BorrowedBatch
  }
}

function release(): void {}

function poison(batch: PacketBatch): void {
  for (let index = 0; index < batch.count; index += 1) batch.packet(index).fill(POISON)
  batch.clear()
}

function releasedError(property: string | symbol): TunError {
  return new TunError(`${String(property)} of a batch that was released`, {
    code: 'ERR_TUN_RELEASED',
    hint: 'A batch is lent until the next one is asked for or release() is called: copy what is to stay, with packet(i).slice()',
  })
}
