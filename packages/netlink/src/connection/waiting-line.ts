/** First come, first served; taking the first costs the same however many wait. */
export class WaitingLine<T> {
  #items: T[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }

  get first(): T | undefined {
    return this.#items[this.#head]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#head++
    // Half of it is past: then forgetting that costs no more than it has brought.
    if (2 * this.#head >= this.#items.length) this.#forgetPast()
    return item
  }

  remove(item: T): void {
    this.#forgetPast()
    const at = this.#items.indexOf(item)
    if (at >= 0) this.#items.splice(at, 1)
  }

  takeAll(): T[] {
    this.#forgetPast()
    return this.#items.splice(0)
  }

  #forgetPast(): void {
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}
