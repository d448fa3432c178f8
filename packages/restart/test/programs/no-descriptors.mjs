// no-descriptors.mjs WHAT PATH: has no descriptor left when it starts a process, or asks. Prints the code of the refusal, and, if
// there was one, the code of an exception that nobody caught.
import { closeSync, openSync } from 'node:fs'
import { openCompanion, requestRestart } from '@slatfatf/restart'

const [what, path] = process.argv.slice(2)
const uncaught = []
process.on('uncaughtException', ({ code, message }) => uncaught.push(code ?? message))

const actions = {
  validate: () => requestRestart({ path, validate: { file: '/bin/true' } }),
  ask: () => requestRestart({ path }),
  companion: () => openCompanion({ path, timeoutMs: 2_000 }),
}

// What loads lazily is loaded, and needs no descriptor any more.
await actions.validate().catch(() => {})
const taken = []
try {
  for (;;) taken.push(openSync('/dev/null'))
} catch {
  // A few, so that all but the process can be made.
  for (let count = 0; count < 4 && what !== 'ask'; count++) closeSync(taken.pop())
}
const refused = await actions[what]().then(
  () => 'none',
  ({ code, message }) => code ?? message,
)
await new Promise(setImmediate)
for (const fd of taken) closeSync(fd)
process.stdout.write(`${JSON.stringify({ refused, uncaught })}\n`)
