import { fileURLToPath } from 'node:url'
import type { ReservationLab } from './reservation-lab.js'

const script = fileURLToPath(new URL('./cases/forge.py', import.meta.url))

export interface ForgedTcp {
  kind: 'tcp'
  from: string
  fromPort: number
  to: string
  toPort: number
  /** Hop limit, over IPv6. */
  ttl: number
  /** Letters of F, S, R, P and A. */
  flags: string
  seq: number
  ack: number
}

export interface ForgedIcmp {
  kind: 'icmp'
  type: number
  code: number
  from: string
  to: string
  ttl: number
  /** The packet that the error is about. */
  quoted: Omit<ForgedTcp, 'kind'>
}

/** Sends packets in this order; resolves when the kernel has them. */
export type Forge = (...packets: (ForgedTcp | ForgedIcmp)[]) => Promise<void>

/** Makes the origin send what no honest host would. */
export function startForge({ lab }: ReservationLab): Forge {
  const forger = lab.spawn('origin', 'python3', [script])
  let sent = 0
  return async (...packets) => {
    for (const packet of packets) forger.stdin!.write(`${JSON.stringify(packet)}\n`)
    sent += packets.length
    await forger.waitForOutput(new RegExp(`sent ${sent}\n`))
  }
}
