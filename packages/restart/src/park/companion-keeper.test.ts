import { fstatSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { binding } from '../binding.js'
import { closeAll } from '../channel/assembler.js'
import { type FdChannel, openChannel, openChannelPair } from '../channel/fd-channel.js'
import { CompanionKeeper } from './companion-keeper.js'

const channels: FdChannel[] = []

afterEach(() => {
  for (const channel of channels.splice(0)) channel.close()
})

function connect(keeper: CompanionKeeper): FdChannel {
  const { channel, fd } = openChannelPair()
  channels.push(channel)
  void keeper.serve(openChannel(fd))
  return channel
}

async function answers(channel: FdChannel): Promise<{ name: string; inode: number | undefined }[]> {
  const sets: { name: string; inode: number | undefined }[] = []
  for (;;) {
    const received = await channel.receive({ timeoutMs: 10_000 })
    if (received === undefined || !('fds' in received)) throw new Error('the keeper is gone')
    const { type, name } = received.message as { type: string; name: string }
    const [first] = received.fds
    const inode = first === undefined ? undefined : fstatSync(first).ino
    closeAll(received.fds)
    if (type === 'done' || type === 'refused') return sets
    if (type === 'set') sets.push({ name, inode })
  }
}

test('sets that are forgotten and replaced while a slow reader copies them reach it as they were', async () => {
  const keeper = new CompanionKeeper({ orphanMs: 0, firstMs: 10_000, end: () => {} })
  const writer = connect(keeper)
  const count = 800
  const expected: { name: string; inode: number }[] = []
  const keep = async (name: string) => {
    const fd = binding().memoryFile(name, 0)
    await writer.send({ type: 'keep', name, parked: false, count: 1 }, [fd])
    const { ino } = fstatSync(fd)
    binding().closeFd(fd)
    await answers(writer)
    return ino
  }
  for (let index = 0; index < count; index++) {
    expected.push({ name: `set ${index}`, inode: await keep(`set ${index}`) })
  }

  const reader = connect(keeper)
  expect(await reader.receive()).toMatchObject({ message: { type: 'hello' } })
  await reader.send({ type: 'copy' })
  const first = await reader.receive({ timeoutMs: 10_000 })
  expect(first).toMatchObject({ message: { type: 'set', name: 'set 0' }, fds: [expect.any(Number)] })
  closeAll((first as { fds: number[] }).fds)
  // Much of the rest is in the kernel by now, and not all of it.
  for (let index = 0; index < count; index++) {
    await writer.send({ type: 'forget', name: `set ${index}` })
    await answers(writer)
  }
  for (let index = 0; index < count; index++) await keep(`other ${index}`)

  expect(await answers(reader)).toEqual(expected.slice(1))
})
