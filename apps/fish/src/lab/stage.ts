import type { ActorCalls } from './actor.js'
import type { FishProcess } from './fish-process.js'
import type { RemoteCapture } from './remote-capture.js'

/** What a scene finds when it begins. */
export interface Stage {
  client: ActorCalls
  edge: ActorCalls
  capture: RemoteCapture
  /** The fishd that is running; the scene that ends it starts the next. */
  fish: FishProcess
  /** Everything fish may change on the edge, as it was before fish came. */
  before: string
  /** Length of each speed measurement. */
  seconds: number
  /** Gbit/s by path, filled by the speed scenes. */
  speeds: { fish?: number; snat?: number }
  /** Says something to whoever watches. */
  tell(line: string): void
}

/** One claim about fish. `play` rejects when it is not so. */
export interface Scene {
  letter: string
  title: string
  play(stage: Stage): Promise<void>
}
