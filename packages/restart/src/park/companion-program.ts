// The companion process: started by openCompanion with the listening socket as descriptor 3 and the lock as 4.
import { unlinkSync } from 'node:fs'
import { binding } from '../binding.js'
import { READABLE } from '../channel/channel-binding.js'
import { openChannel } from '../channel/fd-channel.js'
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
const poll = new (binding().DescriptorPoll)(listener)
poll.start(READABLE, acceptAll)

function acceptAll(): void {
  for (;;) {
    const connection = binding().acceptConnection(listener)
    if (connection < 0) return
    const { uid } = binding().peerCredentials(connection)
    // The mode of the path says the same; this holds wherever the path is.
    if (uid === process.geteuid?.()) void keeper.serve(openChannel(connection))
    else binding().closeFd(connection)
  }
}

function end(): void {
  // Also what keeps it from being collected while nobody else refers to it.
  poll.close()
  // While the lock is held nobody else is at these paths.
  for (const file of [path, `${path}.lock`]) {
    try {
      unlinkSync(file)
    } catch {
      // Somebody was faster, or the folder is gone.
    }
  }
  process.exit(0)
}
