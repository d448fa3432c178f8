import { abortable } from './abortable.js'
import type { PcapTarget } from './pcap-target.js'
import { RecordBuffer } from './record-buffer.js'

/**
 * Records between packets that come when they come and a target that takes its time: one buffer is filled while the other is
 * written, and there is never a third.
 */
export class RecordSpool {
  /** Records that were taken and are not lost. */
  accepted = 0
  /** Records that were not taken, or could not be written. */
  lost = 0
  readonly #target: PcapTarget
  #filling: RecordBuffer
  #emptying: RecordBuffer
  #writing: Promise<void> | undefined
  #isStartQueued = false
  #acceptedBytes = 0
  #writtenBytes = 0
  #hasFailed = false
  #failure: unknown

  constructor(target: PcapTarget, bufferBytes: number) {
    this.#target = target
    this.#filling = new RecordBuffer(bufferBytes)
    this.#emptying = new RecordBuffer(bufferBytes)
  }

  /** Whether at least half a buffer is free. */
  get hasRoom(): boolean {
    if (this.#hasFailed) return false
    return this.#writing === undefined || this.#filling.used <= this.#filling.size / 2
  }

  /** Takes a record, or counts it as lost. See {@link RecordBuffer.append}. */
  append(
    seconds: number,
    fraction: number,
    memory: DataView,
    offset: number,
    length: number,
    captured: number,
  ): void {
    if (!this.#filling.fits(captured)) this.#start()
    const { used } = this.#filling
    if (this.#hasFailed || !this.#filling.append(seconds, fraction, memory, offset, length, captured)) {
      this.lost += 1
      return
    }
    this.accepted += 1
    this.#acceptedBytes += this.#filling.used - used
    this.#queueStart()
  }

  /** Resolves when what was taken so far is written; rejects with the first error of the target, or an AbortError. */
  async drained(signal: AbortSignal | undefined): Promise<void> {
    const target = this.#acceptedBytes
    this.#start()
    while (this.#writtenBytes < target && this.#writing !== undefined) await abortable(this.#writing, signal)
    if (this.#hasFailed) throw this.#failure
  }

  /** Writes what is left and closes the target; rejects with its first error. */
  async close(): Promise<void> {
    this.#start()
    while (this.#writing !== undefined) await this.#writing
    try {
      await this.#target.close()
    } catch (error) {
      this.#fail(error)
    }
    if (this.#hasFailed) throw this.#failure
  }

  // What is recorded in one go leaves in one write.
  #queueStart(): void {
    if (this.#isStartQueued || this.#writing !== undefined) return
    this.#isStartQueued = true
    queueMicrotask(this.#startQueued)
  }

  readonly #startQueued = (): void => {
    this.#isStartQueued = false
    this.#start()
  }

  /** Begins to write what there is, unless a write is under way. */
  #start(): void {
    if (this.#writing !== undefined || this.#hasFailed || this.#filling.used === 0) return
    const full = this.#filling
    this.#filling = this.#emptying
    this.#emptying = full
    this.#writing = this.#write(full)
  }

  async #write(full: RecordBuffer): Promise<void> {
    try {
      await this.#target.write(full.content)
      this.#writtenBytes += full.used
      full.clear()
    } catch (error) {
      this.#fail(error)
    }
    this.#writing = undefined
    this.#start()
  }

  #fail(error: unknown): void {
    if (!this.#hasFailed) this.#failure = error
    this.#hasFailed = true
    for (const buffer of [this.#filling, this.#emptying]) {
      this.accepted -= buffer.packets
      this.lost += buffer.packets
      buffer.clear()
    }
  }
}
