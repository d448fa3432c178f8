/** The keys and indices that lead from the document to a value. */
export type DocumentPath = readonly (string | number)[]

/** Writes a path the way a reader would: `slices[0].ports`. */
export function formatPath(path: DocumentPath): string {
  return path
    .map((step, depth) => (typeof step === 'number' ? `[${step}]` : `${depth > 0 ? '.' : ''}${step}`))
    .join('')
}

/** The value a path leads to, or `undefined` where the document ends earlier. */
export function valueAt(document: unknown, path: DocumentPath): unknown {
  let value = document
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string | number, unknown>)[step]
  }
  return value
}
