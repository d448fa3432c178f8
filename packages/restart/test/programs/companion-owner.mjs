// Opens `count` listening sockets, keeps them with the companion, and closes none: somebody kills this process.
import { createRequire } from 'node:module'
import { openCompanion } from '@slatfatf/restart'
import { hear, say } from './say.mjs'

const addon = createRequire(import.meta.url)('../../binding.cjs')
const [path, count, orphanMs = '600000'] = process.argv.slice(2)

const companion = await openCompanion({ path, orphanMs: Number(orphanMs) })
const fds = Array.from({ length: Number(count) }, () => addon.listenTcp('127.0.0.1', 0, 1, 0))
if (fds.length > 0) await companion.keep('listen', fds)
say({ pid: companion.pid, ports: fds.map((fd) => addon.describeFd(fd).local.port) })

for (;;) {
  const word = await hear()
  if (word === 'leave') {
    await companion.close()
    process.exit(0)
  }
}
