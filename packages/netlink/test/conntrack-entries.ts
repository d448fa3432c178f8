import {
  type NetlinkConnection,
  type NetlinkMessage,
  type PayloadWriter,
  readAttributes,
} from '../src/index.js'

/** IPCTNL_MSG_CT_NEW, _GET, _DELETE of NFNL_SUBSYS_CTNETLINK. */
export const CT_NEW = (1 << 8) | 0
export const CT_GET = (1 << 8) | 1
export const CT_DELETE = (1 << 8) | 2

/** Of any family: a family would be a filter. */
export const anyFamily = Uint8Array.of(0, 0, 0, 0)
const ipv4 = Uint8Array.of(2, 0, 0, 0)
const SERVER = 0xc0000201

/** The n-th of many TCP entries from 10.0.0.0/8 to 192.0.2.1. */
export function writeEntry(number: number, writer: PayloadWriter): void {
  writeKey(number, writer)
  const reply = writer.beginNested(2)
  writeTuple(writer, SERVER, clientOf(number), 80, portOf(number))
  writer.endNested(reply).uint32BE(7, 600).uint32BE(3, 8)
}

/** What names it. */
export function writeKey(number: number, writer: PayloadWriter): void {
  writer.raw(ipv4)
  const original = writer.beginNested(1)
  writeTuple(writer, clientOf(number), SERVER, portOf(number), 80)
  writer.endNested(original)
}

/** The source port and the lower half of the source address, which tell entries apart. */
export function entryKey({ payload }: NetlinkMessage): number | undefined {
  for (const a = readAttributes(payload, 4); a.next(); ) {
    if (a.type !== 1) continue
    let key = 0
    for (const part = a.nested(); part.next(); ) {
      for (const field = part.nested(); field.next(); ) {
        if (part.type === 1 && field.type === 1) key += (field.uint32BE() & 0xffff) * 65_536
        if (part.type === 2 && field.type === 2) key += field.uint16BE()
      }
    }
    return key
  }
  return undefined
}

export async function createEntries(connection: NetlinkConnection, count: number, first = 0): Promise<void> {
  const write = (index: number, writer: PayloadWriter) => writeEntry(first + index, writer)
  const result = await connection.bulk(count, write, { type: CT_NEW, flags: 0x600 })
  if (result.ok !== count) throw new Error(`${count - result.ok} entries were not created`, { cause: result })
}

export async function deleteAllEntries(connection: NetlinkConnection): Promise<void> {
  await connection.request({ type: CT_DELETE, payload: anyFamily })
}

function writeTuple(writer: PayloadWriter, from: number, to: number, fromPort: number, toPort: number): void {
  const addresses = writer.beginNested(1)
  writer.uint32BE(1, from).uint32BE(2, to).endNested(addresses)
  const ports = writer.beginNested(2)
  writer.uint8(1, 6).uint16BE(2, fromPort).uint16BE(3, toPort).endNested(ports)
}

function clientOf(number: number): number {
  return 0x0a000000 + (number >>> 10)
}

function portOf(number: number): number {
  return 1_024 + (number & 1_023)
}
