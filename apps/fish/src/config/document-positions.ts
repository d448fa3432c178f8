import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node } from 'yaml'
import type { DocumentPath } from './document-path.js'

/** A place in a file; both count from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Finds where in the text a path of the document stands. */
export class DocumentPositions {
  readonly #document: Document.Parsed
  readonly #lines: LineCounter

  constructor(document: Document.Parsed, lines: LineCounter) {
    this.#document = document
    this.#lines = lines
  }

  /** Where the value stands; for a value that is absent, where the nearest thing around it begins. */
  ofValue(path: DocumentPath): Position {
    let node: Node | null = this.#document.contents
    let offset = startOf(node) ?? 0
    for (const step of path) {
      node = this.#child(node, step)?.value ?? null
      if (node === null) break
      offset = startOf(node) ?? offset
    }
    return this.ofOffset(offset)
  }

  /** Where the key `key` of the map at `path` stands. */
  ofKey(path: DocumentPath, key: string): Position {
    let node: Node | null = this.#document.contents
    for (const step of path) node = this.#child(node, step)?.value ?? null
    const offset = startOf(this.#child(node, key)?.key ?? null)
    return offset === undefined ? this.ofValue(path) : this.ofOffset(offset)
  }

  ofOffset(offset: number): Position {
    const { line, col } = this.#lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  #child(parent: Node | null, step: string | number): { key: Node | null; value: Node | null } | undefined {
    const node = isAlias(parent) ? (parent.resolve(this.#document) ?? null) : parent
    if (isSeq(node) && typeof step === 'number') return { key: null, value: node.items[step] as Node | null }
    if (!isMap(node)) return undefined
    const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === String(step))
    return pair && { key: pair.key as Node | null, value: pair.value as Node | null }
  }
}

function startOf(node: Node | null): number | undefined {
  return node?.range?.[0]
}
