import { once } from 'node:events'
import { forkOn } from './commands.js'

/** What arrived since the last look. */
export interface Captured {
  packets: number
  /** How many packets by kind and source, for example `tcp 198.51.100.10:9003`. */
  sources: Map<string, number>
  /** TCP packets with RST among them. */
  resets: number
  /** Packets that could not be read, IPv6 and fragments among them. */
  unreadable: number
}

/** The capture on the lab's internet. */
export interface RemoteCapture {
  /** What arrived since the last call. */
  take(): Promise<Captured>
  stop(): Promise<void>
}

/** Starts to capture on the lab's internet. */
export async function startCapture(): Promise<RemoteCapture> {
  const child = forkOn('internet', new URL('./lab-capture.js', import.meta.url))
  await once(child, 'message')
  return {
    async take() {
      child.send('take')
      const [captured] = (await once(child, 'message')) as [Captured]
      return captured
    },
    async stop() {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}
