import { checkKnown } from '../errors/invalid-argument.js'
import { checkWaitOptions, type WaitOptions, waitOptionNames } from './bounded-wait.js'
import { channelClosed, descriptorsLost, tooManyDescriptors } from './channel-error.js'
import { receiveOfType } from './descriptor-messages.js'
import type { FdChannel } from './fd-channel.js'

let lastId = 0

/**
 * Hands descriptors over by name, and resolves with their number when the other end has them all. Until then they stay
 * open here; afterwards they are yours to close.
 *
 * The number goes first, and the other end compares it with its limit: a process at its limit would lose some of them,
 * and the sender would never know. The names together have at most about 60 KiB.
 *
 * @throws {RestartError} `ERR_RESTART_TOO_MANY_DESCRIPTORS` (nothing was sent), `ERR_RESTART_DESCRIPTORS_LOST`,
 * `ERR_RESTART_CHANNEL_CLOSED`, `ERR_RESTART_TIMED_OUT`.
 */
export async function sendDescriptors(
  channel: FdChannel,
  groups: Readonly<Record<string, readonly number[]>>,
  options: WaitOptions = {},
): Promise<number> {
  checkKnown('options', options, waitOptionNames)
  checkWaitOptions(options)
  const limits = shared(options)
  lastId += 1
  const id = lastId
  const fds = Object.values(groups).flat()
  const counts = Object.entries(groups).map(([name, list]) => [name, list.length])
  await channel.send({ type: 'descriptors-announced', id, groups: counts }, [], limits())
  const answer = await receiveOfType(channel, 'descriptors-answered', id, limits())
  if (!answer) throw channelClosed('the other end')
  if (!(answer.message.free >= fds.length))
    throw tooManyDescriptors('the other process', fds.length, answer.message.free)
  await channel.send({ type: 'descriptors-sent', id }, fds, limits())
  const received = await receiveOfType(channel, 'descriptors-received', id, limits())
  if (!received) throw channelClosed('the other end')
  if (received.message.count !== fds.length) throw descriptorsLost(fds.length)
  return fds.length
}

/** One bound for several waits. */
function shared({ signal, timeoutMs }: WaitOptions): () => WaitOptions {
  if (timeoutMs === undefined) return () => ({ signal })
  const end = performance.now() + timeoutMs
  return () => ({ signal, timeoutMs: Math.max(0, Math.ceil(end - performance.now())) })
}
