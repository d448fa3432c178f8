/** What is in at most one list. */
export interface Linked<T> {
  previous: T | null
  next: T | null
}

/** In the order things came; what leaves is found at once, wherever it is, and nothing is allocated. */
export class LinkedList<T extends Linked<T>> {
  first: T | null = null
  last: T | null = null

  append(item: T): void {
    item.previous = this.last
    if (this.last === null) this.first = item
    else this.last.next = item
    this.last = item
  }

  /** Once for each item of this list. */
  remove(item: T): void {
    const { previous, next } = item
    if (previous === null) this.first = next
    else previous.next = next
    if (next === null) this.last = previous
    else next.previous = previous
    item.previous = null
    item.next = null
  }

  /** The item that it is at may be removed meanwhile. */
  *[Symbol.iterator](): Generator<T, void> {
    for (let item = this.first; item !== null; ) {
      const { next } = item
      yield item
      item = next
    }
  }
}
