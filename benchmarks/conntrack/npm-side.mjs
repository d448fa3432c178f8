// npm's netlink, with the arguments of native/conntrack-batch.c.
//
//   node npm-side.mjs FOLDER create COUNT MILLISECONDS
//
// FOLDER is where the package was installed; without more arguments the package is only loaded. It has messages and no
// connection tracking, so these are made here, before the time begins. It sends one at a time and keeps a promise for
// each acknowledgement: 100 are in flight, because with more than 256 the kernel loses some, and then it ends the process.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { endsOf, MARK, SERVER_PORT, TIMEOUT_SECONDS } from './entries.mjs'
import { requireAll, runPasses } from './passes.mjs'

const IN_FLIGHT = 100
const NETLINK_NETFILTER = 12
const AF_INET = 2
const IPPROTO_TCP = 6
const IPCTNL_MSG_CT_NEW = 0x100
const IPCTNL_MSG_CT_DELETE = 0x102
const NLM_F_REQUEST_ACK = 0x5
const NLM_F_CREATE_EXCL = 0x600
const NLA_F_NESTED = 0x8000
const ASSURED = 0xe
const ESTABLISHED = 3

const [folder = '', verb, countText, millisecondsText] = process.argv.slice(2)
const { createNetlink } = createRequire(join(folder, 'package.json'))('netlink')
if (verb === 'create') {
  const count = Number(countText)
  const socket = createNetlink(NETLINK_NETFILTER)
  const payloads = Array.from({ length: count }, (_, index) => payloadOf(index))
  const passes = {
    before: () => flush(socket),
    pass: (/** @type {number} */ length) => create(socket, payloads, length),
    after: () => flush(socket),
  }
  await runPasses(passes, count, Number(millisecondsText))
  socket.close()
} else if (verb !== undefined) throw new RangeError(`there is no ${verb}`)

/**
 * @param {any} socket
 * @param {readonly Buffer[]} payloads
 * @param {number} length
 */
async function create(socket, payloads, length) {
  let next = 0
  let made = 0
  const work = async () => {
    while (next < length) {
      const payload = payloads[next]
      next += 1
      const flags = NLM_F_REQUEST_ACK | NLM_F_CREATE_EXCL
      // It rejects what the kernel refuses.
      await socket.request(IPCTNL_MSG_CT_NEW, payload, { flags })
      made += 1
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, work))
  requireAll('made', made, length)
}

/** @param {any} socket */
async function flush(socket) {
  await socket.request(IPCTNL_MSG_CT_DELETE, Buffer.of(AF_INET, 0, 0, 0), { flags: NLM_F_REQUEST_ACK })
}

/** @param {number} index */
function payloadOf(index) {
  const { client, server, port } = endsOf(index)
  return Buffer.concat([
    Buffer.of(AF_INET, 0, 0, 0),
    tuple(1, client, server, port, SERVER_PORT),
    tuple(2, server, client, SERVER_PORT, port),
    attribute(7, uint32(TIMEOUT_SECONDS)),
    attribute(3, uint32(ASSURED)),
    attribute(8, uint32(MARK)),
    nested(4, nested(1, attribute(1, Buffer.of(ESTABLISHED)))),
  ])
}

/**
 * @param {number} type
 * @param {number} source
 * @param {number} destination
 * @param {number} sourcePort
 * @param {number} destinationPort
 */
function tuple(type, source, destination, sourcePort, destinationPort) {
  return nested(
    type,
    nested(1, attribute(1, uint32(source)), attribute(2, uint32(destination))),
    nested(
      2,
      attribute(1, Buffer.of(IPPROTO_TCP)),
      attribute(2, uint16(sourcePort)),
      attribute(3, uint16(destinationPort)),
    ),
  )
}

/**
 * @param {number} type
 * @param {readonly Buffer[]} children
 */
function nested(type, ...children) {
  return attribute(type | NLA_F_NESTED, Buffer.concat(children))
}

/**
 * @param {number} type
 * @param {Buffer} value
 */
function attribute(type, value) {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4)
  bytes.writeUInt16LE(4 + value.length, 0)
  bytes.writeUInt16LE(type, 2)
  value.copy(bytes, 4)
  return bytes
}

/** @param {number} value */
function uint16(value) {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

/** @param {number} value */
function uint32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
