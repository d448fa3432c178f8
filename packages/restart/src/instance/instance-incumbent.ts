import type { Drain } from '../drain/drain.js'
import type { HandoverState, Incumbent } from '../handover/incumbent.js'
import { encodeState } from '../state/encode-state.js'
import type { OwnBelongings } from './belongings.js'
import type { EstateKeeper } from './estate-keeper.js'
import { publishTrouble } from './instance-events.js'
import type { CheckedOptions } from './instance-options.js'

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
        const { bytes = new Uint8Array(), fds = {} } = await state.save({ signal })
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
