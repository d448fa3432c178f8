import { checkFamily, type IpFamily } from '../../codec/ip-prefix.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import { type Address, decodeAddress, type IndexedAddress, nameAddress } from '../address/address.js'
import { dumpAddresses } from '../address/addresses.js'
import { familiesOf, familyOf } from '../address-family.js'
import * as rt from '../constants.js'
import { InterfaceTracker } from './interface-tracker.js'
import { checkWatchArguments, openWatch, type WatchOptions } from './open-watch.js'
import { Watch, type WatchListener, type WatchSource } from './watch.js'

export interface WatchAddressesOptions extends WatchOptions {
  /** @default both */
  family?: IpFamily | undefined
}

/**
 * Tells what happens to the addresses of one network namespace, until the watch is closed. Equals `ip monitor address`.
 *
 * Resolves when the addresses that are there have been read into `watch.addresses`; the listener hears of all that comes
 * after. An address is known by its interface's index, itself, its prefix length and its peer; `changed` tells that
 * duplicate address detection is over, that it is deprecated, or that its interface has another name.
 *
 * Requires Linux 4.20, no capability. Rejects as {@link watchLinks} does. See rtnetlink(7).
 */
export async function watchAddresses(
  listener: WatchListener<Address>,
  options: WatchAddressesOptions = {},
): Promise<AddressWatch> {
  checkWatchArguments(listener, options, ['family'])
  checkFamily(options.family)
  const groups = familiesOf(options.family).map((family) =>
    family === 4 ? rt.RTNLGRP_IPV4_IFADDR : rt.RTNLGRP_IPV6_IFADDR,
  )
  return openWatch(
    [rt.RTNLGRP_LINK, ...groups],
    options,
    (connection, ref) => new AddressWatch(connection, listener, ref, options.family),
  )
}

/** The addresses of one namespace, kept up to date; made by {@link watchAddresses}. */
export class AddressWatch extends Watch<string, Address> {
  /** @internal */
  constructor(
    connection: NetlinkConnection,
    listener: WatchListener<Address>,
    ref: boolean,
    family: IpFamily | undefined,
  ) {
    super(connection, addressSource(family), listener, ref)
  }

  /** As they were told last, in no particular order; a new array each time. Stays as it is after closing. */
  get addresses(): Address[] {
    return [...this.entries.values()]
  }
}

function addressSource(wanted: IpFamily | undefined): WatchSource<string, Address> {
  const interfaces = new InterfaceTracker()
  return {
    async read(connection) {
      const found = await dumpAddresses(connection, wanted)
      const names = await interfaces.read(connection)
      const named = found.flatMap((address) => nameAddress(address, names) ?? [])
      return new Map(named.map((address) => [keyOf(address), address]))
    },
    decode(message) {
      if (message.type !== rt.RTM_NEWADDR && message.type !== rt.RTM_DELADDR) {
        return interfaces.hear(message) === 'changed' ? 'unclear' : undefined
      }
      const family = familyOf(message)
      if (family === undefined || (wanted !== undefined && family !== wanted)) return undefined
      const decoded = decodeAddress(message, family)
      if (decoded === undefined) return undefined
      const entry = nameAddress(decoded, interfaces.names)
      if (entry === undefined) return 'unclear'
      return { key: keyOf(decoded), entry, isGone: message.type === rt.RTM_DELADDR }
    },
  }
}

function keyOf({ index, address, prefixLength, peer }: IndexedAddress): string {
  return `${index} ${address}/${prefixLength} ${peer ?? ''}`
}
