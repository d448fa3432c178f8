// Takes what a companion holds, and says what that is.
import { createRequire } from 'node:module'
import { openCompanion } from '@slatfatf/restart'
import { hear, refusal, say } from './say.mjs'

const addon = createRequire(import.meta.url)('../../binding.cjs')
const [path, way = 'take'] = process.argv.slice(2)

let companion
const refused = await refusal(async () => {
  companion = await openCompanion({ path, timeoutMs: 5_000 })
})
if (refused) {
  say({ refused })
} else {
  let sets = new Map()
  const failed = await refusal(async () => {
    sets = await companion[way]()
  })
  say({
    pid: companion.pid,
    uid: process.getuid(),
    refused: failed,
    sets: [...sets].map(([name, fds]) => [name, fds.map((fd) => addon.describeFd(fd).local?.port ?? 0)]),
    left: failed ? [...(await companion.list())] : [],
  })
}
await hear()
