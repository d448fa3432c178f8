import {
  checkBoolean,
  checkInteger,
  checkKnown,
  invalidType,
  invalidValue,
} from '../../errors/invalid-argument.js'
import { checkInterface, checkInterfaceName } from '../interface-argument.js'
import { parseHardwareAddress } from './hardware-address.js'
import { checkNamespace } from './namespace-argument.js'

/** What every new link may be given, and the other end of a cable. */
export interface LinkEndOptions {
  name: string
  /** The namespace to make it in: a path, or the number of an open descriptor. @default that of the socket */
  netns?: string | number | undefined
  mtu?: number | undefined
  txQueueLength?: number | undefined
  /** Hardware address, such as `02:00:00:00:00:01`. @default a random one */
  address?: string | undefined
}

export interface NewLinkOptions extends LinkEndOptions {
  /** @default false */
  up?: boolean | undefined
  /** The bridge or other link that it becomes a port of. */
  master?: string | number | undefined
}

/** A cable with two ends, one of which may be in another namespace. See veth(4). */
export interface VethOptions extends NewLinkOptions {
  kind: 'veth'
  /** Is made down: the kernel connects it only after it would have to be up (drivers/net/veth.c, ENOTCONN). */
  peer: LinkEndOptions
}

/** A link whose packets go tagged over another one. */
export interface VlanOptions extends NewLinkOptions {
  kind: 'vlan'
  link: string | number
  /** 0 to 4094. */
  id: number
}

/** A link with a hardware address of its own on another one. */
export interface MacvlanOptions extends NewLinkOptions {
  kind: 'macvlan'
  link: string | number
  /** @default 'vepa', as the kernel has it */
  mode?: 'private' | 'vepa' | 'bridge' | 'passthru' | undefined
}

/** A link that shares the hardware address of another one. */
export interface IpvlanOptions extends NewLinkOptions {
  kind: 'ipvlan'
  link: string | number
  /** @default 'l3', as the kernel has it */
  mode?: 'l2' | 'l3' | 'l3s' | undefined
}

/** Links that need nothing but a name. */
export interface PlainLinkOptions extends NewLinkOptions {
  kind: 'bridge' | 'dummy' | 'ifb' | 'wireguard'
}

export type AddLinkOptions = VethOptions | VlanOptions | MacvlanOptions | IpvlanOptions | PlainLinkOptions

/** IFLA_MACVLAN_MODE, IFLA_IPVLAN_MODE (include/uapi/linux/if_link.h). */
export const linkModes = {
  macvlan: { private: 1, vepa: 2, bridge: 4, passthru: 8 },
  ipvlan: { l2: 0, l3: 1, l3s: 2 },
} as const

const endNames = ['name', 'netns', 'mtu', 'txQueueLength', 'address']
const furtherNames: Record<string, readonly string[]> = {
  veth: ['peer'],
  vlan: ['link', 'id'],
  macvlan: ['link', 'mode'],
  ipvlan: ['link', 'mode'],
  bridge: [],
  dummy: [],
  ifb: [],
  wireguard: [],
  // The kernel knows the kind and refuses to make it: let it say so.
  tun: [],
}

/** Throws TypeError or RangeError. */
export function checkAddLinkOptions(options: AddLinkOptions): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'an object', options)
  const further = Object.hasOwn(furtherNames, options.kind) ? furtherNames[options.kind] : undefined
  if (!further) {
    const kinds = Object.keys(furtherNames).filter((kind) => kind !== 'tun')
    throw invalidValue('kind', `one of ${kinds.join(', ')}`, options.kind)
  }
  checkKnown('options', options, ['kind', 'up', 'master', ...endNames, ...further])
  checkEnd(options)
  if (options.up !== undefined) checkBoolean('up', options.up)
  if (options.master !== undefined) checkInterface('master', options.master)
  if (options.kind === 'veth') {
    checkKnown('peer', options.peer, endNames)
    checkEnd(options.peer)
  }
  if ('link' in options) checkInterface('link', options.link)
  else if (further.includes('link')) throw invalidType('link', 'an interface name or index', undefined)
  if (options.kind === 'vlan') checkInteger('id', options.id, 4094)
  if (options.kind === 'macvlan' || options.kind === 'ipvlan') checkMode(options)
}

function checkEnd({ name, netns, mtu, txQueueLength, address }: LinkEndOptions): void {
  checkInterfaceName('name', name)
  checkNamespace('netns', netns)
  if (mtu !== undefined) checkInteger('mtu', mtu, 0x7fffffff)
  if (txQueueLength !== undefined) checkInteger('txQueueLength', txQueueLength, 0x7fffffff)
  if (address !== undefined) parseHardwareAddress('address', address)
}

function checkMode({ kind, mode }: MacvlanOptions | IpvlanOptions): void {
  if (mode === undefined || Object.hasOwn(linkModes[kind], mode)) return
  throw invalidValue('mode', `one of ${Object.keys(linkModes[kind]).join(', ')}`, mode)
}
