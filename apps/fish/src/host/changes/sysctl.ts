import type { SysctlChange } from '../host-change.js'
import { readSysctl, writeSysctl } from '../sysctl-file.js'
import type { ChangeKind } from './change-kind.js'

/** Values by key; keys that did not exist are left out. */
export type SysctlValues = Readonly<Record<string, string>>

export const sysctl: ChangeKind<SysctlChange, SysctlValues> = {
  identify: ({ key }) => key,
  async readBefore({ key, resets = [] }) {
    const values: Record<string, string> = {}
    for (const each of [key, ...resets]) {
      const value = await readSysctl(each)
      if (value !== undefined) values[each] = value
    }
    return values
  },
  async apply({ key, value }) {
    // A write resets other values even if it changes nothing, so none is made in vain.
    if ((await readSysctl(key)) !== value) await writeSysctl(key, value)
  },
  async undo({ key, value }, before) {
    if (before[key] === value) return
    for (const [each, old] of Object.entries(before)) await restore(each, old)
  },
  holds: async ({ key, value }) => (await readSysctl(key)) === value,
}

async function restore(key: string, value: string): Promise<void> {
  const current = await readSysctl(key)
  // The interface may have gone meanwhile, and its settings with it.
  if (current === undefined || current === value) return
  try {
    await writeSysctl(key, value)
  } catch (error) {
    // In a user namespace the empty range of ping groups is made of ids that cannot be written there.
    const { code } = (error as { cause?: NodeJS.ErrnoException }).cause ?? {}
    if (code !== 'EINVAL' || !key.endsWith('/ping_group_range')) throw error
  }
}
