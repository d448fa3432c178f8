import { binding } from '../binding.js'
import { freeDescriptors } from '../descriptor/free-descriptors.js'
import { checkKnown } from '../errors/invalid-argument.js'
import { closeAll } from './assembler.js'
import { checkWaitOptions, type WaitOptions, waitOptionNames } from './bounded-wait.js'
import { channelClosed, channelMalformed, tooManyDescriptors } from './channel-error.js'
import { isAnnouncement, isDescriptorAnnouncement, receiveOfType } from './descriptor-messages.js'
import type { FdChannel } from './fd-channel.js'

/**
 * Takes in what the other end hands over by `sendDescriptors`: names, and the descriptors of each, in the order in which
 * they were sent. They are yours, and close-on-exec.
 *
 * @throws {RestartError} `ERR_RESTART_TOO_MANY_DESCRIPTORS` at the sender, and here, if the limit of this process does not
 * allow it; `ERR_RESTART_DESCRIPTORS_LOST`, `ERR_RESTART_CHANNEL_CLOSED`, `ERR_RESTART_TIMED_OUT`.
 */
export async function receiveDescriptors(
  channel: FdChannel,
  options: WaitOptions = {},
): Promise<Map<string, number[]>> {
  checkKnown('options', options, waitOptionNames)
  checkWaitOptions(options)
  const announcement = await channel.receive({ ...options, only: isDescriptorAnnouncement })
  if (!announcement) throw channelClosed('the other end')
  return answerDescriptors(channel, (announcement as { message: object }).message, options)
}

/** The same for a program that received the announcement among other messages (`isDescriptorAnnouncement`). */
export async function answerDescriptors(
  channel: FdChannel,
  announcement: object,
  options: WaitOptions = {},
): Promise<Map<string, number[]>> {
  if (!isAnnouncement(announcement)) throw channelMalformed('no announcement of descriptors')
  const { id, groups } = announcement
  const count = groups.reduce((sum, [, size]) => sum + size, 0)
  const free = freeDescriptors()
  // JSON has no word for it.
  const told = Math.min(free, Number.MAX_SAFE_INTEGER)
  await channel.send({ type: 'descriptors-answered', id, free: told }, [], options)
  if (count > free) throw tooManyDescriptors('this process', count, free)
  growTable(count)
  const fds = await takeIn(channel, id, count, options)
  const result = new Map<string, number[]>()
  let at = 0
  for (const [name, size] of groups) {
    // A name that was announced twice keeps all of them.
    result.set(name, [...(result.get(name) ?? []), ...fds.slice(at, at + size)])
    at += size
  }
  return result
}

async function takeIn(
  channel: FdChannel,
  id: number,
  count: number,
  options: WaitOptions,
): Promise<number[]> {
  let fds: number[] = []
  try {
    const received = await receiveOfType(channel, 'descriptors-sent', id, options)
    if (!received) throw channelClosed('the other end')
    fds = received.fds
    if (fds.length !== count) throw channelMalformed(`${fds.length} descriptors, having announced ${count}`)
    await channel.send({ type: 'descriptors-received', id, count }, [], options)
    return fds
  } catch (error) {
    closeAll(fds)
    if ((error as { code?: unknown }).code === 'ERR_RESTART_DESCRIPTORS_LOST') {
      await channel.send({ type: 'descriptors-received', id, count: 0 }, [], options)
    }
    throw error
  }
}

/** Growing it as they come takes up to 100 ms in steps; at once, a few. */
function growTable(count: number): void {
  try {
    binding().growDescriptorTable(binding().descriptorLimit().open + count)
  } catch {
    // They come all the same.
  }
}
