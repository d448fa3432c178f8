import { PayloadWriter } from '@slatfatf/netlink'
import {
  checkInteger,
  checkKnown,
  checkObject,
  invalidType,
  invalidValue,
} from '../errors/invalid-argument.js'
import { hasPorts, isIcmp, PROTOCOL_NAMES, PROTOCOL_NUMBERS, protocolNumber } from '../flow/protocol.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import {
  CTA_IP_V4_DST,
  CTA_IP_V4_SRC,
  CTA_IP_V6_DST,
  CTA_IP_V6_SRC,
  CTA_PROTO_DST_PORT,
  CTA_PROTO_ICMP_CODE,
  CTA_PROTO_ICMP_ID,
  CTA_PROTO_ICMP_TYPE,
  CTA_PROTO_ICMPV6_CODE,
  CTA_PROTO_ICMPV6_ID,
  CTA_PROTO_ICMPV6_TYPE,
  CTA_PROTO_NUM,
  CTA_PROTO_SRC_PORT,
  CTA_TUPLE_IP,
  CTA_TUPLE_ORIG,
  CTA_TUPLE_PROTO,
  CTA_TUPLE_ZONE,
} from './constants.js'
import { addressBytes, addressFamily, parseIpv4 } from './parse-address.js'

const known = new Set([
  'source',
  'destination',
  'protocol',
  'sourcePort',
  'destinationPort',
  'icmp',
  'greKeys',
  'zone',
])

/** IPv4 or IPv6, by the source. Throws TypeError or RangeError. */
export function tupleFamily(name: string, tuple: Tuple<AddressForm>): 4 | 6 {
  checkObject(name, tuple)
  return addressFamily(`${name}.source`, tuple.source)
}

/** Throws TypeError or RangeError for what has no place in a tuple. */
export function checkTuple(name: string, tuple: Tuple<AddressForm>): void {
  checkKnown(name, tuple, known)
  const number = requireProtocol(name, tuple)
  if (tuple.icmp !== undefined && !isIcmp(number)) {
    throw invalidValue(name, `a tuple without icmp, as ${tuple.protocol} has none`, tuple)
  }
  if (tuple.greKeys !== undefined && number !== PROTOCOL_NUMBERS.gre) {
    throw invalidValue(name, `a tuple without greKeys, as ${tuple.protocol} has none`, tuple)
  }
}

/** Writes a tuple as one attribute. Throws TypeError or RangeError if it is none of this family. */
export function writeTuple(
  writer: PayloadWriter,
  type: number,
  name: string,
  tuple: Tuple<AddressForm>,
  family: 4 | 6,
): void {
  checkTuple(name, tuple)
  writePlainTuple(writer, type, name, tuple, family)
}

/** The same for a tuple that was made here. */
export function writePlainTuple(
  writer: PayloadWriter,
  type: number,
  name: string,
  tuple: Tuple<AddressForm>,
  family: 4 | 6,
): void {
  const protocol = requireProtocol(name, tuple)
  const { source, destination } = tuple
  if (
    family === 4 &&
    typeof source === 'string' &&
    typeof destination === 'string' &&
    tuple.zone === undefined &&
    hasPorts(protocol)
  ) {
    writeIpv4WithPorts(writer, type, name, tuple, source, destination, protocol)
    return
  }
  const nest = writer.beginNested(type)
  writeAddresses(writer, name, tuple.source, tuple.destination, family)
  const inner = writer.beginNested(CTA_TUPLE_PROTO)
  writer.uint8(CTA_PROTO_NUM, protocol)
  if (hasPorts(protocol)) {
    writePorts(writer, name, tuple.sourcePort, tuple.destinationPort)
  } else writeOthers(writer, name, tuple, protocol)
  writer.endNested(inner)
  if (tuple.zone !== undefined) {
    checkInteger(`${name}.zone`, tuple.zone, 0, 0xffff)
    writer.uint16BE(CTA_TUPLE_ZONE, tuple.zone)
  }
  writer.endNested(nest)
}

// Nearly all that is made in bulk: written once with headers and all, then only values are put in.
const ipv4WithPorts = new PayloadWriter()
const ipv4Nest = ipv4WithPorts.beginNested(CTA_TUPLE_ORIG)
writeAddresses(ipv4WithPorts, '', '0.0.0.0', '0.0.0.0', 4)
const ipv4Inner = ipv4WithPorts.beginNested(CTA_TUPLE_PROTO)
ipv4WithPorts.uint8(CTA_PROTO_NUM, 0)
writePorts(ipv4WithPorts, '', 0, 0)
ipv4WithPorts.endNested(ipv4Inner).endNested(ipv4Nest)
const template = ipv4WithPorts.finish()
const templateView = new DataView(template.buffer, template.byteOffset, template.length)

function writeIpv4WithPorts(
  writer: PayloadWriter,
  type: number,
  name: string,
  { sourcePort, destinationPort }: Tuple<AddressForm>,
  source: string,
  destination: string,
  protocol: number,
): void {
  const from = recentIpv4(source)
  if (from < 0) throw invalidValue(`${name}.source`, 'an IPv4 address', source)
  const to = recentIpv4(destination)
  if (to < 0) throw invalidValue(`${name}.destination`, 'an IPv4 address', destination)
  if (!isPort(sourcePort)) throw invalidPort(`${name}.sourcePort`, sourcePort)
  if (!isPort(destinationPort)) throw invalidPort(`${name}.destinationPort`, destinationPort)
  template[2] = type
  templateView.setUint32(12, from)
  templateView.setUint32(20, to)
  template[32] = protocol
  templateView.setUint16(40, sourcePort)
  templateView.setUint16(48, destinationPort)
  writer.raw(template)
}

let recentText = ''
let recentAddress = -1
let formerText = ''
let formerAddress = -1

/** The reply names the addresses of the original, and the next flow often one of them. */
function recentIpv4(text: string): number {
  if (text === recentText) return recentAddress
  if (text === formerText) return formerAddress
  formerText = recentText
  formerAddress = recentAddress
  recentText = text
  recentAddress = parseIpv4(text)
  return recentAddress
}

/** Writes the addresses of a tuple. */
function writeAddresses(
  writer: PayloadWriter,
  name: string,
  source: AddressForm,
  destination: AddressForm,
  family: 4 | 6,
): void {
  const nest = writer.beginNested(CTA_TUPLE_IP)
  if (family === 4) {
    writeIpv4(writer, CTA_IP_V4_SRC, name, 'source', source)
    writeIpv4(writer, CTA_IP_V4_DST, name, 'destination', destination)
  } else {
    writeIpv6(writer, CTA_IP_V6_SRC, name, 'source', source)
    writeIpv6(writer, CTA_IP_V6_DST, name, 'destination', destination)
  }
  writer.endNested(nest)
}

function writeIpv4(
  writer: PayloadWriter,
  type: number,
  name: string,
  side: string,
  address: AddressForm,
): void {
  if (typeof address === 'string') {
    const number = parseIpv4(address)
    if (number < 0) throw invalidValue(`${name}.${side}`, 'an IPv4 address', address)
    writer.uint32BE(type, number)
  } else {
    if (addressFamily(`${name}.${side}`, address) !== 4) {
      throw invalidValue(`${name}.${side}`, 'an IPv4 address', address)
    }
    writer.bytes(type, address)
  }
}

function writeIpv6(
  writer: PayloadWriter,
  type: number,
  name: string,
  side: string,
  address: AddressForm,
): void {
  const bytes = addressBytes(`${name}.${side}`, address)
  if (bytes.length !== 16) throw invalidValue(`${name}.${side}`, 'an IPv6 address', address)
  writer.bytes(type, bytes)
}

/** The number of a tuple's protocol. Throws RangeError. */
export function requireProtocol(name: string, tuple: Tuple<AddressForm>): number {
  const protocol = protocolNumber(tuple.protocol)
  if (protocol !== undefined) return protocol
  throw invalidValue(`${name}.protocol`, `${PROTOCOL_NAMES.join(', ')} or 0 to 255`, tuple.protocol)
}

function writePorts(
  writer: PayloadWriter,
  name: string,
  source: number | undefined,
  destination: number | undefined,
): void {
  if (!isPort(source)) throw invalidPort(`${name}.sourcePort`, source)
  if (!isPort(destination)) throw invalidPort(`${name}.destinationPort`, destination)
  writer.uint16BE(CTA_PROTO_SRC_PORT, source)
  writer.uint16BE(CTA_PROTO_DST_PORT, destination)
}

function writeOthers(writer: PayloadWriter, name: string, tuple: Tuple<AddressForm>, protocol: number): void {
  if (tuple.sourcePort !== undefined || tuple.destinationPort !== undefined) {
    throw invalidValue(name, `a tuple without ports, as ${tuple.protocol} has none`, tuple)
  }
  if (isIcmp(protocol)) {
    const { icmp } = tuple
    if (!icmp) throw invalidType(`${name}.icmp`, 'an object of type, code and id', icmp)
    checkInteger(`${name}.icmp.type`, icmp.type, 0, 255)
    checkInteger(`${name}.icmp.code`, icmp.code, 0, 255)
    checkInteger(`${name}.icmp.id`, icmp.id, 0, 0xffff)
    const isIpv6 = protocol === PROTOCOL_NUMBERS.icmpv6
    writer.uint16BE(isIpv6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, icmp.id)
    writer.uint8(isIpv6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE, icmp.type)
    writer.uint8(isIpv6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, icmp.code)
  } else if (protocol === PROTOCOL_NUMBERS.gre) {
    const { greKeys } = tuple
    if (!greKeys) throw invalidType(`${name}.greKeys`, 'an object of source and destination', greKeys)
    checkInteger(`${name}.greKeys.source`, greKeys.source, 0, 0xffff)
    checkInteger(`${name}.greKeys.destination`, greKeys.destination, 0, 0xffff)
    writer.uint16BE(CTA_PROTO_SRC_PORT, greKeys.source)
    writer.uint16BE(CTA_PROTO_DST_PORT, greKeys.destination)
  }
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff
}

function invalidPort(name: string, value: unknown): Error {
  return typeof value === 'number' ? invalidValue(name, 'a port', value) : invalidType(name, 'a port', value)
}
