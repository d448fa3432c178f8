import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { identify } from './change-kinds.js'
import type { SysctlValues } from './changes/sysctl.js'
import { changeOrder, type HostChange } from './host-change.js'
import { HostError } from './host-error.js'
import { isAlive, ownIdentity, ownSetting, type ProcessIdentity } from './process-identity.js'

/** A change that was made or was about to be, and what was there before. */
export interface JournalEntry {
  readonly change: HostChange
  readonly before: unknown
}

interface JournalFile {
  readonly version: 1
  /** See {@link ownSetting}. */
  readonly setting: string
  readonly owner: ProcessIdentity
  readonly entries: readonly JournalEntry[]
}

const fileName = 'host-journal.json'

/**
 * What was there before fish changed it, on disk before it is changed.
 *
 * It outlives a crash: the next process goes on with the same "before", and whoever removes restores it. A journal of another boot
 * or network namespace counts as empty.
 */
export class HostJournal {
  readonly #directory: string
  #entries: readonly JournalEntry[]

  private constructor(directory: string, entries: readonly JournalEntry[]) {
    this.#directory = directory
    this.#entries = entries
  }

  /**
   * Opens the journal of a state directory; nothing is written yet.
   *
   * @throws {HostError} `ERR_HOST_IN_USE` if a living process other than this one has it, or `ERR_HOST_JOURNAL`
   */
  static async open(directory: string): Promise<HostJournal> {
    const file = await readJournal(join(directory, fileName))
    if (file === undefined || file.setting !== ownSetting()) return new HostJournal(directory, [])
    const { pid } = file.owner
    if (pid !== process.pid && isAlive(file.owner)) {
      const hint = 'stop it, or give this instance a state.directory of its own'
      throw new HostError('ERR_HOST_IN_USE', `process ${pid} uses ${directory}`, { hint })
    }
    return new HostJournal(directory, file.entries)
  }

  /** In the order in which the changes are made. */
  get entries(): readonly JournalEntry[] {
    return this.#entries
  }

  /** The value a sysctl had before all entries. */
  originalSysctl(key: string): string | undefined {
    for (const { change, before } of this.#entries) {
      if (change.kind !== 'sysctl') continue
      const value = (before as SysctlValues)[key]
      if (value !== undefined) return value
    }
    return undefined
  }

  /** Resolves when the change is on disk. What is already known to have been before is kept. */
  async record(change: HostChange, readBefore: () => Promise<unknown>): Promise<void> {
    const id = identify(change)
    const known = this.#entries.find((entry) => identify(entry.change) === id)
    const entry = { change, before: known ? known.before : await readBefore() }
    const entries = known
      ? this.#entries.map((each) => (each === known ? entry : each))
      : [...this.#entries, entry]
    // By kind, so that removing follows the right order even if the plan has changed since a crash.
    await this.#write(entries.sort((a, b) => rank(a) - rank(b)))
  }

  /** Resolves when the entry is no longer on disk; the last one takes the file with it. */
  async forget(entry: JournalEntry): Promise<void> {
    await this.#write(this.#entries.filter((each) => each !== entry))
  }

  async #write(entries: readonly JournalEntry[]): Promise<void> {
    const content: JournalFile = { version: 1, setting: ownSetting(), owner: ownIdentity(), entries }
    const path = join(this.#directory, fileName)
    try {
      if (entries.length === 0) await rm(path, { force: true })
      else await replaceFile(this.#directory, path, `${JSON.stringify(content, null, 1)}\n`)
    } catch (cause) {
      throw new HostError('ERR_HOST_JOURNAL', `${path} cannot be written`, { cause })
    }
    this.#entries = entries
  }
}

const rank = ({ change }: JournalEntry) => changeOrder.indexOf(change.kind)

async function readJournal(path: string): Promise<JournalFile | undefined> {
  try {
    const file = JSON.parse(await readFile(path, 'utf8')) as JournalFile
    if (file.version === 1 && Array.isArray(file.entries)) return file
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new HostError('ERR_HOST_JOURNAL', `${path} cannot be read`, { cause })
  }
  throw new HostError('ERR_HOST_JOURNAL', `${path} is from another version of fish`)
}

/** After a crash at any moment there is either the old content or the new one. */
async function replaceFile(directory: string, path: string, content: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const next = await open(`${path}.next`, 'w', 0o600)
  try {
    await next.writeFile(content)
    await next.sync()
  } finally {
    await next.close()
  }
  await rename(`${path}.next`, path)
  const parent = await open(directory, 'r')
  try {
    await parent.sync()
  } finally {
    await parent.close()
  }
}
