// An instance with relative paths in a program that changes its directory, and others beside and after it. Tells on stdout.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openInstance } from '@slatfatf/restart'

const folder = process.cwd()
const options = { coordination: { path: 'control.sock' }, pidFile: 'app.pid' }
const codeOf = (promise) =>
  promise.then(
    () => 'none',
    (error) => error.code,
  )

const opening = openInstance(options)
const whileFirstOpens = await codeOf(openInstance())
const first = await opening
const whileFirstLives = await codeOf(openInstance())
process.chdir('/')
await first.ready()
const files = [existsSync(join(folder, 'control.sock')), readFileSync(join(folder, 'app.pid'), 'utf8').trim()]
await first.stop()
await first.ended
const left = existsSync(join(folder, 'app.pid'))
const unknown = await codeOf(openInstance({ surprise: 1 }))
const afterRefusal = await openInstance({
  coordination: { path: join(folder, 'control.sock'), busy: 'refuse' },
})
await afterRefusal.stop()
await afterRefusal.ended
process.stdout.write(
  JSON.stringify({
    pid: process.pid,
    whileFirstOpens,
    whileFirstLives,
    files,
    left,
    unknown,
    handlers: process.listenerCount('SIGUSR2'),
  }),
)
