/** Exit status of every command; `README.md` lists them. */
export const EXIT = {
  ok: 0,
  /** The answer is no: nothing matched, no such entry, it exists already, something is wrong with the namespace. */
  no: 1,
  /** Wrong use. Nothing was sent, but for the lines before a wrong one of `restore`. */
  usage: 2,
  /** The system refused. */
  refused: 3,
} as const
