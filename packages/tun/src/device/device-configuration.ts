import { isIP } from 'node:net'
import {
  invalidType,
  invalidValue,
  requireBoolean,
  requireInteger,
  requireKnown,
} from '../errors/invalid-argument.js'

/** An address with the other end of a point-to-point link. Equals `ip address add ADDRESS peer PEER`. */
export interface PeerAddress {
  /** As `192.0.2.1/32`. */
  address: string
  /** As `203.0.113.1`, or with the prefix that is reached over the device, `203.0.113.0/24`. */
  peer: string
}

/** Settings of the network interface; what is absent is left as it is. */
export interface DeviceConfiguration {
  /** Largest packet in bytes, 68 to 65535. */
  mtu?: number | undefined
  /** Packets the device queues for the reader, 0 to 1000000. The kernel's default is 500. */
  txQueueLength?: number | undefined
  /** Bring the interface up (true) or down (false). */
  up?: boolean | undefined
  /** Addresses to add, as `192.0.2.1/24` or `2001:db8::1/64`; those already there stay. */
  addresses?: (string | PeerAddress)[] | undefined
  /** How the kernel makes an IPv6 link-local address when the interface comes up; `none`: it makes none. */
  addressGeneration?: 'none' | 'eui64' | undefined
}

const SETTINGS = ['mtu', 'txQueueLength', 'up', 'addresses', 'addressGeneration']

/** Throws for whatever is wrong in a configuration, before any system call. */
export function validateConfiguration(configuration: DeviceConfiguration): void {
  if (typeof configuration !== 'object' || configuration === null) {
    throw invalidType('configure', 'an object', configuration)
  }
  requireKnown('configure', configuration, SETTINGS)
  const { mtu, txQueueLength, up, addresses, addressGeneration } = configuration
  if (mtu !== undefined) requireInteger('mtu', mtu, 68, 65535)
  if (txQueueLength !== undefined) requireInteger('txQueueLength', txQueueLength, 0, 1_000_000)
  if (up !== undefined) requireBoolean('up', up)
  if (addressGeneration !== undefined && !['none', 'eui64'].includes(addressGeneration)) {
    throw invalidValue('addressGeneration', "'none' or 'eui64'", addressGeneration)
  }
  if (addresses === undefined) return
  if (!Array.isArray(addresses)) throw invalidType('addresses', 'an array', addresses)
  for (const address of addresses) validateAddress(address)
}

/** The two ends of what is configured, the second one if there is one. */
export function endsOf(address: string | PeerAddress): { address: string; peer?: string } {
  return typeof address === 'string' ? { address } : { address: address.address, peer: address.peer }
}

function validateAddress(entry: unknown): void {
  if (typeof entry === 'object' && entry !== null) {
    const { address, peer } = entry as PeerAddress
    const family = familyOf('address', address, true)
    if (familyOf('peer', peer, false) !== family) throw invalidValue('peer', `an IPv${family} address`, peer)
  } else {
    familyOf('address', entry, true)
  }
}

function familyOf(name: string, value: unknown, needsPrefix: boolean): number {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value)
  const [host = '', prefix, ...rest] = value.split('/')
  const family = host.includes('%') ? 0 : isIP(host)
  const bits = prefix !== undefined && /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  const isPrefixRight = prefix === undefined ? !needsPrefix : bits <= (family === 4 ? 32 : 128)
  if (rest.length > 0 || family === 0 || !isPrefixRight) {
    const expected = needsPrefix ? 'an IP address with a prefix length, like 192.0.2.1/24' : 'an IP address'
    throw invalidValue(name, expected, value)
  }
  return family
}
