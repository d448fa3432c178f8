import { binding } from '../binding.js'
import type { Drain } from '../drain/drain.js'
import { checkKnown, invalidType } from '../errors/invalid-argument.js'
import type { HandoverState, Incumbent } from '../handover/incumbent.js'
import { encodeState } from '../state/encode-state.js'
import type { OwnBelongings } from './belongings.js'
import type { EstateKeeper } from './estate-keeper.js'
import { publishTrouble } from './instance-events.js'
import type { CheckedOptions, SavedState } from './instance-options.js'

interface Parts {
  generation: number
  options: CheckedOptions
  belongings: OwnBelongings
  estate: EstateKeeper
  introduce(pid: number): Promise<void>
  drain: Drain
}

/** An instance, as a restart needs it. */
export function incumbentOf(parts: Parts): Incumbent {
  const { generation, options, belongings, estate, introduce, drain } = parts
  const { state } = options
  return {
    pid: process.pid,
    generation,
    get coordinationPath() {
      return estate.path
    },
    stderrFd: 2,
    belongings: () => belongings.offer(),
    save:
      state &&
      (async (signal): Promise<HandoverState> => {
        const saved: unknown = await state.save({ signal })
        checkKnown('what save() gives', saved, ['bytes', 'fds'])
        const { bytes = new Uint8Array(), fds = {} } = saved as SavedState
        for (const [name, list] of Object.entries(fds)) checkOpen(name, list)
        if (bytes.byteLength > state.maxBytes) {
          throw new Error(`it has ${bytes.byteLength} bytes, state.maxBytes is ${state.maxBytes}`)
        }
        const encoded = encodeState({ version: state.version, bytes })
        return { version: state.version, bytes: encoded, fds: new Map(Object.entries(fds)) }
      }),
    undo: (cause) => state?.undo?.(cause),
    stopAccepting: () => drain.stopAccepting(),
    resumeAccepting: () => drain.resumeAccepting(),
    introduce,
    releaseEstate: () => estate.release(),
    reclaimEstate: async () => estate.reclaim(),
    report: publishTrouble,
  }
}

function checkOpen(name: string, fds: unknown): void {
  if (!Array.isArray(fds)) throw invalidType(`fds.${name}`, 'an array of descriptors', fds)
  for (const fd of fds) {
    try {
      binding().describeFd(fd)
    } catch (cause) {
      throw new Error(`descriptor ${fd} of fds.${name} is not open`, { cause })
    }
  }
}
