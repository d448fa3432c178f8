import type { ChannelMessage } from './assembler.js'
import type { FdChannel } from './fd-channel.js'

/** What is said around descriptors: how many, whether there is room, here they are, how many came. */
export type DescriptorMessage =
  | { type: 'descriptors-announced'; id: number; groups: [name: string, count: number][] }
  | { type: 'descriptors-answered'; id: number; free: number }
  | { type: 'descriptors-sent'; id: number }
  | { type: 'descriptors-received'; id: number; count: number }

/** Whether a message begins a hand-over: then it is for `answerDescriptors`. */
export function isDescriptorAnnouncement(message: ChannelMessage): boolean {
  return 'message' in message && isAnnouncement(message.message)
}

export function isAnnouncement(
  message: object,
): message is Extract<DescriptorMessage, { type: 'descriptors-announced' }> {
  const { type, id, groups } = message as Record<string, unknown>
  return type === 'descriptors-announced' && isCount(id) && Array.isArray(groups) && groups.every(isGroup)
}

/** Undefined if the other end is gone. Nobody else gets to see the message that this waits for. */
export async function receiveOfType<Type extends DescriptorMessage['type']>(
  channel: FdChannel,
  type: Type,
  id: number,
  options: { signal?: AbortSignal | undefined; timeoutMs?: number | undefined },
): Promise<{ message: Extract<DescriptorMessage, { type: Type }>; fds: number[] } | undefined> {
  const only = (received: ChannelMessage) => {
    if (!('message' in received)) return false
    const message = received.message as { type?: unknown; id?: unknown }
    return message.type === type && message.id === id
  }
  const received = await channel.receive({ ...options, only })
  return received as { message: Extract<DescriptorMessage, { type: Type }>; fds: number[] } | undefined
}

function isGroup(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'string' && isCount(value[1])
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
