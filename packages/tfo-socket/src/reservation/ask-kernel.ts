import { type Binding, binding, outcome } from '../binding.js'
import { parsedAddress } from './parsed-address.js'

/** The words of `struct RequestBlock`, native/request_block.h. */
const LOCAL_FAMILY = 0
const REMOTE_FAMILY = 1
const PORT = 2
const PORTS = 3
const REMOTE_PORT = 4
const MARK = 5
const SHARED = 6
const UDP = 7
const OUTCOME = 8
const LOCAL = 10
const REMOTE = 14
const DEVICE_BYTES = 72
const DEVICE_SIZE = 16

const encoder = new TextEncoder()

/** How the addon's part of the conversation looks from here, once per thread. */
interface Block {
  native: Binding
  words: Int32Array
  bytes: Uint8Array
}

let block: Block | undefined

/**
 * Asks for a TCP four-tuple; returns a descriptor or `-errno`, and fills `outcome`. `port` is bound as it is, or 0 to pick
 * from `ports`, which packs a range as IP_LOCAL_PORT_RANGE wants it: first port in the low half.
 */
export function askTuple(
  kind: 'tuple' | 'repair',
  address: string,
  port: number,
  ports: number,
  remoteAddress: string,
  remotePort: number,
  mark: number,
  device: string,
  shared: boolean,
): number {
  const asking = begin(address, port, ports, mark, device, shared)
  const { native, words } = asking
  const remote = parsedAddress(remoteAddress)
  words[REMOTE_FAMILY] = remote.family
  words[REMOTE_PORT] = remotePort
  writeAddress(words, REMOTE, remote.words)
  return end(words, kind === 'tuple' ? native.reserveTuple() : native.reserveRepair())
}

/** Asks for a port for all remotes; as {@link askTuple}. */
export function askPort(
  udp: boolean,
  address: string,
  port: number,
  ports: number,
  mark: number,
  device: string,
  shared: boolean,
): number {
  const { native, words } = begin(address, port, ports, mark, device, shared)
  words[UDP] = udp ? 1 : 0
  return end(words, native.reservePort())
}

/** Asks for an echo id; as {@link askTuple}. */
export function askEchoId(address: string, id: number, mark: number, shared: boolean): number {
  const { native, words } = begin(address, id, 0, mark, '', shared)
  return end(words, native.reserveEchoId())
}

function begin(
  address: string,
  port: number,
  ports: number,
  mark: number,
  device: string,
  shared: boolean,
): Block {
  block ??= shareBlock()
  const { words } = block
  const local = parsedAddress(address)
  words[LOCAL_FAMILY] = local.family
  writeAddress(words, LOCAL, local.words)
  words[PORT] = port
  words[PORTS] = ports
  words[MARK] = mark
  words[SHARED] = shared ? 1 : 0
  // The memory itself is asked what it says: another copy of this package may have written it.
  if (device !== '' || block.bytes[DEVICE_BYTES] !== 0) writeDevice(block, device)
  return block
}

function end(words: Int32Array, result: number): number {
  outcome[0] = words[OUTCOME]!
  outcome[1] = words[OUTCOME + 1]!
  return result
}

function shareBlock(): Block {
  const native = binding()
  const { requestBlock } = native
  return { native, words: new Int32Array(requestBlock), bytes: new Uint8Array(requestBlock) }
}

function writeAddress(words: Int32Array, at: number, address: Int32Array): void {
  words[at] = address[0]!
  if (address.length === 1) return
  words[at + 1] = address[1]!
  words[at + 2] = address[2]!
  words[at + 3] = address[3]!
}

function writeDevice({ bytes }: Block, device: string): void {
  const place = bytes.subarray(DEVICE_BYTES, DEVICE_BYTES + DEVICE_SIZE)
  place.fill(0)
  encoder.encodeInto(device, place)
}
