import { constants } from 'node:os'
import type { NetlinkMessage } from '../codec/message.js'
import { encodeMessages } from '../codec/message.js'
import { PayloadWriter } from '../codec/payload-writer.js'
import { NetlinkConnection } from '../connection/connection.js'
import {
  ENOBUFS,
  NLM_F_ACK,
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLM_F_DUMP,
  NLM_F_DUMP_FILTERED,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_HDRLEN,
  NLMSGERR_ATTR_MSG,
  NLMSGERR_ATTR_OFFS,
} from '../constants.js'
import { checkFunction, checkKnown, invalidValue } from '../errors/invalid-argument.js'
import { traced } from '../trace/traced-transport.js'
import { FakeTransport, type ReplyMessage } from './fake-transport.js'

/** What the code under test sent. */
export interface FakeRequest {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  /** The family's header and the attributes: read it with `readAttributes`. */
  readonly payload: DataView
  /**
   * Whether it asks for a whole table (both bits of NLM_F_DUMP and no acknowledgement). A `bulk` or `batch` of messages with
   * NLM_F_REPLACE and NLM_F_EXCL looks the same, as it does to the kernel, but for their types.
   */
  readonly isDump: boolean
}

/** A reply or an event. */
export interface FakeMessage {
  type: number
  flags?: number | undefined
  /** Written with `PayloadWriter`. @default empty */
  payload?: Uint8Array | undefined
}

export interface FakeAnswer {
  /** What comes before the acknowledgement, or the entries of a dump. @default none */
  replies?: readonly FakeMessage[] | undefined
  /** The errno's name with which the kernel refuses, such as `EEXIST`. @default success */
  error?: string | undefined
  /** The kernel's words about the error. */
  kernelMessage?: string | undefined
  /** Where in the request, its header of 16 bytes included, the error is. */
  attributeOffset?: number | undefined
  /** The receive buffer overflowed: the answer is lost, and the connection is told so. @default false */
  lost?: boolean | undefined
  /** A dump: the table changed under it. @default false */
  interrupted?: boolean | undefined
  /** A dump: the kernel applied the filter. @default false */
  filtered?: boolean | undefined
}

export interface FakeNetlinkOptions {
  /** The kernel's part. `undefined` is success without replies. */
  answer?: ((request: FakeRequest) => FakeAnswer | undefined) | undefined
  /** For `NODE_DEBUG=slatfatf-netlink`. @default 12, NETLINK_NETFILTER */
  protocol?: number | undefined
}

export interface FakeNetlink {
  /** The real connection, on a socket that is none. */
  readonly connection: NetlinkConnection
  /** All that was sent, in order. */
  readonly requests: readonly FakeRequest[]
  /** How many messages each datagram had. */
  readonly datagramSizes: readonly number[]
  /** Queues a multicast message, as another process or the kernel causes it. */
  emit(message: FakeMessage, options?: { namespaceId?: number | undefined }): void
  /** Queues an overflow (`ENOBUFS`): events were lost here. */
  overflow(): void
}

const ENTRIES_PER_DATAGRAM = 64

/**
 * Makes a connection for tests of code that uses netlink: no kernel, no privileges, no addon. All of the
 * connection is the real one; only the socket under it is replaced by your function.
 *
 * Throws TypeError or RangeError for wrong options; an unknown errno name in an answer is thrown where the request is sent.
 */
export function createFakeNetlink(options: FakeNetlinkOptions = {}): FakeNetlink {
  checkKnown('options', options, ['answer', 'protocol'])
  const { answer = () => undefined, protocol = 12 } = options
  checkFunction('answer', answer)
  const requests: FakeRequest[] = []
  const transport = new FakeTransport((message) => {
    const request = requestOf(message)
    requests.push(request)
    respond(transport, request, answer(request) ?? {})
  })
  const connection = new NetlinkConnection(traced(transport, protocol))
  return {
    connection,
    requests,
    datagramSizes: transport.datagramSizes,
    emit({ type, flags = 0, payload = new Uint8Array(0) }, { namespaceId } = {}) {
      transport.queue({ bytes: encodeMessages([{ type, flags, sequence: 0, payload }]), namespaceId })
    },
    overflow: () => transport.queue(ENOBUFS),
  }
}

function requestOf({ type, flags, sequence, payload }: NetlinkMessage): FakeRequest {
  const isDump = (flags & NLM_F_DUMP) === NLM_F_DUMP && (flags & NLM_F_ACK) === 0
  return { type, flags, sequence, payload, isDump }
}

function respond(transport: FakeTransport, request: FakeRequest, answer: FakeAnswer): void {
  if (answer.lost) {
    transport.queue(ENOBUFS)
    return
  }
  const { replies = [] } = answer
  const errno = answer.error === undefined ? 0 : errnoNumber(answer.error)
  if (request.isDump && errno === 0) {
    const flags =
      NLM_F_MULTI | (answer.interrupted ? NLM_F_DUMP_INTR : 0) | (answer.filtered ? NLM_F_DUMP_FILTERED : 0)
    const messages: ReplyMessage[] = replies.map((reply) => ({ ...reply, flags: (reply.flags ?? 0) | flags }))
    messages.push({ type: NLMSG_DONE, flags: NLM_F_MULTI, payload: new Uint8Array(4) })
    for (let i = 0; i < messages.length; i += ENTRIES_PER_DATAGRAM) {
      transport.reply(request.sequence, ...messages.slice(i, i + ENTRIES_PER_DATAGRAM))
    }
    return
  }
  for (const reply of replies) transport.reply(request.sequence, reply)
  if (errno !== 0 || (request.flags & NLM_F_ACK) !== 0) {
    transport.reply(request.sequence, acknowledgement(request, errno, answer))
  }
}

/** As the kernel writes it with CAP_ACK and EXT_ACK on: struct nlmsgerr, the request's header, attributes. */
function acknowledgement(request: FakeRequest, errno: number, answer: FakeAnswer): ReplyMessage {
  const header = new DataView(new ArrayBuffer(4 + NLMSG_HDRLEN))
  header.setInt32(0, errno, true)
  header.setUint32(4, NLMSG_HDRLEN + request.payload.byteLength, true)
  header.setUint16(8, request.type, true)
  header.setUint16(10, request.flags, true)
  header.setUint32(12, request.sequence, true)
  const writer = new PayloadWriter(new Uint8Array(header.buffer))
  const { kernelMessage, attributeOffset } = answer
  if (kernelMessage !== undefined) writer.text(NLMSGERR_ATTR_MSG, kernelMessage)
  if (attributeOffset !== undefined) writer.uint32(NLMSGERR_ATTR_OFFS, attributeOffset)
  const hasWords = kernelMessage !== undefined || attributeOffset !== undefined
  return {
    type: NLMSG_ERROR,
    flags: NLM_F_CAPPED | (hasWords ? NLM_F_ACK_TLVS : 0),
    payload: writer.finish(),
  }
}

function errnoNumber(name: string): number {
  const errno = (constants.errno as Readonly<Record<string, number>>)[name]
  if (errno === undefined) throw invalidValue('error', "an errno's name such as EEXIST", name)
  return -errno
}
