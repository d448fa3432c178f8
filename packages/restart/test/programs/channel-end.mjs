// The other end of a channel, on descriptor 3; does what its argument says.
import { fstatSync, readdirSync, writeSync } from 'node:fs'
import { closeDescriptor, openChannel, receiveDescriptors } from '@slatfatf/restart'

const openDescriptors = () => readdirSync('/proc/self/fd').length
const isAnnouncement = ({ message }) => message?.type === 'descriptors-announced'

const actions = {
  /** Takes descriptors in, and tells how many there are and of how many files. */
  async take(channel) {
    const groups = await receiveDescriptors(channel)
    const fds = [...groups.values()].flat()
    const files = new Set(fds.map((fd) => fstatSync(fd).ino)).size
    await channel.send({ names: [...groups.keys()], count: new Set(fds).size, files })
    await channel.receive()
  },
  /** Refuses what does not fit, loses what comes all the same, and goes on with what comes then. */
  async refuse(channel) {
    const refused = await receiveDescriptors(channel).catch((error) => error.code)
    const before = openDescriptors()
    const lost = await channel.receive().catch((error) => error.code)
    const after = openDescriptors()
    const { message, fds } = await channel.receive()
    for (const fd of fds) closeDescriptor(fd)
    await channel.send({ refused, lost, leaked: after - before, message, count: fds.length })
  },
  async 'exit when asked'(channel) {
    await channel.receive({ only: isAnnouncement })
    process.exit()
  },
  async 'exit before they come'(channel) {
    const { message } = await channel.receive({ only: isAnnouncement })
    await channel.send({ type: 'descriptors-answered', id: message.id, free: 1_000_000 })
    process.exit()
  },
  async 'exit before it confirms'(channel) {
    const { message } = await channel.receive({ only: isAnnouncement })
    await channel.send({ type: 'descriptors-answered', id: message.id, free: 1_000_000 })
    await channel.receive()
    process.exit()
  },
  async 'confirm fewer'(channel) {
    const { message } = await channel.receive({ only: isAnnouncement })
    await channel.send({ type: 'descriptors-answered', id: message.id, free: 1_000_000 })
    await channel.receive()
    await channel.send({ type: 'descriptors-received', id: message.id, count: 1 })
    await channel.receive()
  },
  async garbage(channel) {
    writeSync(3, 'to whom it may concern')
    await channel.receive()
  },
  /** Must not keep the process. */
  async idle(channel) {
    await channel.send({ type: 'idle' })
  },
  async 'wait without holding the process'(channel) {
    channel.unref()
    void channel.receive()
    await channel.send({ type: 'waiting' })
  },
}

const channel = openChannel(3)
await actions[process.argv[2]](channel)
