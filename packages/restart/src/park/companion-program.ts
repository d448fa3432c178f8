// The companion process: started by openCompanion with the listening socket as descriptor 3 and the lock as 4.
import { fstatSync, lstatSync, unlinkSync } from 'node:fs'
import { binding } from '../binding.js'
import type { PeerCredentials } from '../channel/channel-binding.js'
import { openChannel } from '../channel/fd-channel.js'
import { Acceptor } from '../coordination/acceptor.js'
import { inheritedDescriptors } from '../descriptor/inherited-descriptors.js'
import { CompanionKeeper } from './companion-keeper.js'

const listener = 3
const lock = 4

// What leaked from the starter, a pipe that others wait on to end perhaps, would be open for as long as this lives.
for (const { fd } of inheritedDescriptors()) if (fd > lock) binding().closeFd(fd)

const [path = '', orphanMs = ''] = process.argv.slice(2)
process.title = `restart-companion ${path}`

// A terminal that closes, or a session that ends, is no reason to let go.
process.on('SIGHUP', () => {})
process.on('SIGTERM', end)
process.on('SIGINT', end)

const keeper = new CompanionKeeper({ orphanMs: Number(orphanMs), firstMs: 10_000, end })
const acceptor = new Acceptor(listener)
acceptor.start(serve)

function serve(connection: number, { uid }: PeerCredentials): void {
  // The mode of the path says the same; this holds wherever the path is.
  if (uid !== process.geteuid?.()) {
    binding().closeFd(connection)
    return
  }
  try {
    void keeper.serve(openChannel(connection))
  } catch {
    // Nothing that one connection needs and does not get may cost the others what is held for them.
    binding().closeFd(connection)
  }
}

function end(): void {
  acceptor.close(true)
  removeLock(`${path}.lock`)
  process.exit(0)
}

/** Another one's, if somebody tidied the folder up and a second companion began there. */
function removeLock(file: string): void {
  try {
    const { dev, ino } = fstatSync(lock, { bigint: true })
    const present = lstatSync(file, { bigint: true })
    if (present.dev === dev && present.ino === ino) unlinkSync(file)
  } catch {
    // Somebody was faster, or the folder is gone.
  }
}
