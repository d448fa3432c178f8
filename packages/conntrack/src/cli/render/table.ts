/** A column, its values, and how much room they usually take. */
export interface Column<T> {
  name: string
  width: number
  /** Undefined is printed as `-`. Without spaces, so that awk and cut find their columns. */
  value(item: T): string | number | bigint | undefined
  align?: 'right'
}

/**
 * Lines of aligned columns, made batch by batch: a column grows when something longer comes, and never shrinks, so that no
 * more than a batch is in memory and what follows each other is aligned.
 */
export class Table<T> {
  readonly #columns: readonly Column<T>[]
  readonly #widths: number[]
  #isHeaderDue: boolean

  constructor(columns: readonly Column<T>[], { header }: { header: boolean }) {
    this.#columns = columns
    this.#widths = columns.map(({ name, width }) => Math.max(name.length, width))
    this.#isHeaderDue = header
  }

  /** The lines of a batch; those of the first begin with the header, even if there is no item. */
  lines(items: readonly T[]): string {
    const rows = items.map((item) => this.#columns.map(({ value }) => String(value(item) ?? '-')))
    for (const row of rows) {
      for (const [index, cell] of row.entries()) {
        if (cell.length > this.#widths[index]!) this.#widths[index] = cell.length
      }
    }
    if (this.#isHeaderDue) rows.unshift(this.#columns.map(({ name }) => name))
    this.#isHeaderDue = false
    return rows.map((row) => this.#line(row)).join('\n')
  }

  #line(row: readonly string[]): string {
    const cells = row.map((cell, index) => {
      const width = this.#widths[index]!
      return this.#columns[index]!.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
    })
    return cells.join('  ').trimEnd()
  }
}
