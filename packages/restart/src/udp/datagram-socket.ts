import { binding } from '../binding.js'
import { type DescriptorPoll, READABLE } from '../channel/channel-binding.js'
import { systemError } from '../errors/restart-error.js'
import type { RecordSlab } from './record-slab.js'

/** So that a flood does not keep the loop from turning. */
const BATCHES_A_TURN = 8

/** A descriptor of its own of a UDP socket that others have too, read in batches while that is wanted. */
export class DatagramSocket {
  readonly fd: number
  readonly #slab: RecordSlab
  readonly #onBatch: (count: number) => void
  readonly #poll: DescriptorPoll
  #isReading = false

  /** Duplicates `fd`. `onBatch`: so many records are in the slab, until it returns. */
  constructor(fd: number, slab: RecordSlab, onBatch: (count: number) => void) {
    this.#slab = slab
    this.#onBatch = onBatch
    try {
      binding().prepareDatagrams(fd)
      this.fd = binding().duplicateFd(fd)
    } catch (error) {
      throw systemError(error, 'read datagrams', hintFor(error))
    }
    try {
      this.#poll = new (binding().DescriptorPoll)(this.fd, true)
    } catch (error) {
      binding().closeFd(this.fd)
      throw systemError(error, 'read datagrams')
    }
  }

  read(wanted: boolean): void {
    if (wanted === this.#isReading) return
    this.#isReading = wanted
    if (wanted) this.#poll.start(READABLE, () => this.#ready())
    else this.#poll.stop()
  }

  close(): void {
    this.#isReading = false
    this.#poll.close()
    binding().closeFd(this.fd)
  }

  #ready(): void {
    for (let batch = 0; batch < BATCHES_A_TURN && this.#isReading; batch++) {
      const count = this.#slab.receive(binding().receiveDatagrams, this.fd)
      if (count > 0) this.#onBatch(count)
      if (!this.#slab.isFull(count)) return
    }
  }
}

function hintFor(error: unknown): string | undefined {
  const { code = '' } = error as NodeJS.ErrnoException
  return ['EPROTOTYPE', 'ENOTSOCK', 'EBADF'].includes(code)
    ? 'The descriptor must be that of a UDP socket'
    : undefined
}
