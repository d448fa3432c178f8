import { isEnclosed, runEnclosed } from '../lab/enclosure.js'
import { missingRequirements } from '../lab/requirements.js'
import { playStory } from '../lab/story.js'
import { EXIT } from './exit-status.js'

/** `fishd lab`: shows on this machine what fish does, and fails when any of it is not so. */
export async function lab({ seconds }: { seconds: number }): Promise<number> {
  if (!Number.isFinite(seconds) || seconds < 1 || seconds > 60) {
    console.error('--seconds must be a number from 1 to 60')
    return EXIT.failed
  }
  if (isEnclosed()) return (await playStory(seconds)) === 0 ? EXIT.ok : EXIT.failed
  const missing = missingRequirements()
  for (const todo of missing) console.error(`the lab needs: ${todo}`)
  return missing.length > 0 ? EXIT.host : runEnclosed()
}
