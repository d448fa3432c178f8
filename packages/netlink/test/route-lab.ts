import { createLab, type Lab } from '@slatfatf/netns'
import { openRouteSocket, type RouteSocket } from '../src/index.js'

/** A namespace with an open route socket, and the two ends of a cable that are up: west and east. */
export interface RouteLab {
  readonly socket: RouteSocket
  readonly path: string
  readonly lab: Lab
  /** What `ip -json` says, as objects. */
  // biome-ignore lint/suspicious/noExplicitAny: the shape is iproute2's
  json(...args: string[]): Promise<any[]>
  ip(...args: string[]): Promise<string>
  close(): Promise<void>
}

export async function openRouteLab(): Promise<RouteLab> {
  const lab = await createLab({ namespaces: ['host', 'other'] })
  try {
    await lab.ip('host', 'link', 'add', 'west', 'type', 'veth', 'peer', 'name', 'east')
    await lab.ip('host', 'link', 'set', 'west', 'up')
    await lab.ip('host', 'link', 'set', 'east', 'up')
    const socket = await openRouteSocket({ netns: lab.path('host') })
    return {
      socket,
      path: lab.path('host'),
      lab,
      json: async (...args) => JSON.parse((await lab.ip('host', '-json', '-details', ...args)) || '[]'),
      ip: (...args) => lab.ip('host', ...args),
      close: async () => {
        await socket.close()
        await lab.close()
      },
    }
  } catch (error) {
    await lab.close()
    throw error
  }
}
