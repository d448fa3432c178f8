/** Exit status of every command; `README.md` lists them for operators. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** The configuration is wrong. Nothing was changed. */
  config: 2,
  /** The host lacks something. Nothing was changed. */
  host: 3,
  /** Another instance is running. It goes on undisturbed. */
  alreadyRunning: 4,
} as const
