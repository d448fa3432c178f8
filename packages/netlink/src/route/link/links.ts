import { PayloadWriter } from '../../codec/payload-writer.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import type { NetlinkRequest } from '../../connection/exchange.js'
import { checkKnown, invalidType } from '../../errors/invalid-argument.js'
import { errnoError, isNetlinkError } from '../../errors/netlink-error.js'
import * as rt from '../constants.js'
import { checkInterface } from '../interface-argument.js'
import { decodeLink, type Link, type LinkDetail, linkHeader } from './link.js'

export function listLinks(connection: NetlinkConnection, detail: LinkDetail = {}): Promise<Link[]> {
  const payload = withDetail(new PayloadWriter(linkHeader()), detail)
  const request = { type: rt.RTM_GETLINK, payload, operation: 'RTM_GETLINK' }
  return connection.dump(request, (message) => decodeLink(message, detail))
}

export async function getLink(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
  detail: LinkDetail = {},
): Promise<Link | undefined> {
  checkInterface('nameOrIndex', nameOrIndex)
  const request = linkRequest(nameOrIndex, detail)
  try {
    return (await connection.request(request, (message) => decodeLink(message, detail)))[0]
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENODEV) return undefined
    throw error
  }
}

export function linkRequest(nameOrIndex: string | number, detail: LinkDetail = {}): NetlinkRequest {
  const payload = withDetail(linkKey(nameOrIndex), detail)
  return { type: rt.RTM_GETLINK, payload, operation: `RTM_GETLINK ${nameOrIndex}` }
}

export async function removeLink(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
): Promise<boolean> {
  checkInterface('nameOrIndex', nameOrIndex)
  const payload = linkKey(nameOrIndex).finish()
  try {
    await connection.request({ type: rt.RTM_DELLINK, payload, operation: `RTM_DELLINK ${nameOrIndex}` })
    return true
  } catch (error) {
    if (isNetlinkError(error) && error.errno === rt.ENODEV) return false
    throw error
  }
}

export type InterfaceNames = ReadonlyMap<number, string>

/** By index. */
export async function interfaceNames(connection: NetlinkConnection): Promise<InterfaceNames> {
  return new Map((await listLinks(connection)).map((link) => [link.index, link.name]))
}

/** Rejects with ENODEV when there is no such interface. */
export async function interfaceIndex(
  connection: NetlinkConnection,
  nameOrIndex: string | number,
  operation: string,
): Promise<number> {
  if (typeof nameOrIndex === 'number') return nameOrIndex
  const link = await getLink(connection, nameOrIndex)
  if (!link) throw errnoError(rt.ENODEV, operation)
  return link.index
}

function linkKey(nameOrIndex: string | number): PayloadWriter {
  if (typeof nameOrIndex === 'number') return new PayloadWriter(linkHeader(nameOrIndex))
  return new PayloadWriter(linkHeader()).text(rt.IFLA_IFNAME, nameOrIndex)
}

/** The counters are half of what the kernel tells of a link, unless it is asked not to. */
function withDetail(writer: PayloadWriter, detail: LinkDetail): Uint8Array {
  checkKnown('detail', detail, ['statistics'])
  const { statistics = false } = detail
  if (typeof statistics !== 'boolean') throw invalidType('statistics', 'a boolean', statistics)
  return writer.uint32(rt.IFLA_EXT_MASK, statistics ? 0 : rt.RTEXT_FILTER_SKIP_STATS).finish()
}
