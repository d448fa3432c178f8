import { isIP } from 'node:net'
import { invalidType, invalidValue, requireBoolean, requireInteger } from '../errors/invalid-argument.js'

/** Settings of the network interface; what is absent is left as it is. */
export interface DeviceConfiguration {
  /** Largest packet in bytes, 68 to 65535. */
  mtu?: number
  /** Packets the device queues for the reader, 0 to 1000000. The kernel's default is 500. */
  txQueueLength?: number
  /** Bring the interface up (true) or down (false). */
  up?: boolean
  /** Addresses to add, as `192.0.2.1/24` or `2001:db8::1/64`; those already there stay. */
  addresses?: string[]
  /** `none`: the kernel makes no IPv6 link-local address when the interface comes up. */
  addressGeneration?: 'none'
}

/** Throws for whatever is wrong in a configuration, before any system call. */
export function validateConfiguration(configuration: DeviceConfiguration): void {
  if (typeof configuration !== 'object' || configuration === null) {
    throw invalidType('configure', 'an object', configuration)
  }
  const { mtu, txQueueLength, up, addresses, addressGeneration } = configuration
  if (mtu !== undefined) requireInteger('mtu', mtu, 68, 65535)
  if (txQueueLength !== undefined) requireInteger('txQueueLength', txQueueLength, 0, 1_000_000)
  if (up !== undefined) requireBoolean('up', up)
  if (addressGeneration !== undefined && addressGeneration !== 'none') {
    throw invalidValue('addressGeneration', "'none'", addressGeneration)
  }
  if (addresses === undefined) return
  if (!Array.isArray(addresses)) throw invalidType('addresses', 'an array', addresses)
  for (const address of addresses) validateAddress(address)
}

function validateAddress(address: unknown): void {
  if (typeof address !== 'string') throw invalidType('address', 'a string', address)
  const [host = '', prefix = '', ...rest] = address.split('/')
  const family = host.includes('%') ? 0 : isIP(host)
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (rest.length > 0 || family === 0 || !(bits <= (family === 4 ? 32 : 128))) {
    throw invalidValue('address', 'an IP address with a prefix length, like 192.0.2.1/24', address)
  }
}
