/** An option of a command, and its line in the help. */
export interface Option {
  readonly type: 'string' | 'boolean'
  /** The letter that the C tool has for it. */
  readonly short?: string
  /** Stands for the value in the help. */
  readonly value?: string
  readonly help: string
}

/** By the name without its dashes. */
export type OptionTable = Readonly<Record<string, Option>>

/** What was given. */
export type OptionValues<T extends OptionTable> = {
  readonly [Name in keyof T]?: T[Name]['type'] extends 'boolean' ? true : string
}
