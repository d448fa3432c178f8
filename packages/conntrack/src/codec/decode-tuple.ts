import { hasPorts, isIcmp, PROTOCOL_NUMBERS, protocolName } from '../flow/protocol.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import { after, attributeLength, attributeType, need, uint8At, uint16At } from './attribute-walk.js'
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
  CTA_TUPLE_PROTO,
  CTA_TUPLE_ZONE,
} from './constants.js'
import { formatIpv4, formatIpv6 } from './format-address.js'
import { malformed } from './malformed.js'

/** How a decoder gives addresses. */
export type Addresses = 'text' | 'bytes'

/**
 * Decodes the inside of one tuple attribute.
 *
 * Nearly all of a table are tuples of IPv4 with ports, and every kernel writes those alike: they are recognised by their
 * headers and read in one go.
 */
export function decodeTuple(
  view: DataView,
  start: number,
  end: number,
  addresses: Addresses,
): Tuple<AddressForm> {
  if (end - start === IPV4_PORTS_BYTES && addresses === 'text' && isIpv4WithPorts(view, start)) {
    const protocol = view.getUint8(start + 28)
    if (hasPorts(protocol)) {
      return {
        source: formatIpv4(view.getUint32(start + 8)),
        destination: formatIpv4(view.getUint32(start + 16)),
        protocol: protocolName(protocol),
        sourcePort: view.getUint16(start + 36),
        destinationPort: view.getUint16(start + 44),
      }
    }
  }
  return walkTuple(view, start, end, addresses)
}

const IPV4_PORTS_BYTES = 48

/** Attribute headers as one number: the length below, type and NLA_F_NESTED above. */
function isIpv4WithPorts(view: DataView, at: number): boolean {
  return (
    view.getUint32(at, true) === 0x80010014 &&
    view.getUint32(at + 4, true) === 0x00010008 &&
    view.getUint32(at + 12, true) === 0x00020008 &&
    view.getUint32(at + 20, true) === 0x8002001c &&
    view.getUint32(at + 24, true) === 0x00010005 &&
    view.getUint32(at + 32, true) === 0x00020006 &&
    view.getUint32(at + 40, true) === 0x00030006
  )
}

function walkTuple(view: DataView, start: number, end: number, addresses: Addresses): Tuple<AddressForm> {
  let source: AddressForm | undefined
  let destination: AddressForm | undefined
  let protocol = 0
  let first = 0
  let second = 0
  let icmpType = 0
  let icmpCode = 0
  let icmpId = 0
  let zone: number | undefined
  for (let at = start; at < end; ) {
    const length = attributeLength(view, at, end)
    const type = attributeType(view, at)
    if (type === CTA_TUPLE_IP) {
      const inner = at + length
      for (let ip = at + 4; ip < inner; ) {
        const ipLength = attributeLength(view, ip, inner)
        const ipType = attributeType(view, ip)
        if (ipType === CTA_IP_V4_SRC || ipType === CTA_IP_V6_SRC)
          source = addressAt(view, ip, ipLength, addresses)
        else if (ipType === CTA_IP_V4_DST || ipType === CTA_IP_V6_DST) {
          destination = addressAt(view, ip, ipLength, addresses)
        }
        ip = after(ip, ipLength)
      }
    } else if (type === CTA_TUPLE_PROTO) {
      const inner = at + length
      for (let proto = at + 4; proto < inner; ) {
        const protoLength = attributeLength(view, proto, inner)
        switch (attributeType(view, proto)) {
          case CTA_PROTO_NUM:
            protocol = uint8At(view, proto, protoLength)
            break
          case CTA_PROTO_SRC_PORT:
            first = uint16At(view, proto, protoLength)
            break
          case CTA_PROTO_DST_PORT:
            second = uint16At(view, proto, protoLength)
            break
          case CTA_PROTO_ICMP_ID:
          case CTA_PROTO_ICMPV6_ID:
            icmpId = uint16At(view, proto, protoLength)
            break
          case CTA_PROTO_ICMP_TYPE:
          case CTA_PROTO_ICMPV6_TYPE:
            icmpType = uint8At(view, proto, protoLength)
            break
          case CTA_PROTO_ICMP_CODE:
          case CTA_PROTO_ICMPV6_CODE:
            icmpCode = uint8At(view, proto, protoLength)
            break
        }
        proto = after(proto, protoLength)
      }
    } else if (type === CTA_TUPLE_ZONE) zone = uint16At(view, at, length)
    at = after(at, length)
  }
  if (source === undefined || destination === undefined) throw malformed('a tuple without addresses')
  const name = protocolName(protocol)
  let tuple: Tuple<AddressForm>
  if (hasPorts(protocol)) {
    tuple = { source, destination, protocol: name, sourcePort: first, destinationPort: second }
  } else if (isIcmp(protocol)) {
    tuple = { source, destination, protocol: name, icmp: { type: icmpType, code: icmpCode, id: icmpId } }
  } else if (protocol === PROTOCOL_NUMBERS.gre) {
    tuple = { source, destination, protocol: name, greKeys: { source: first, destination: second } }
  } else tuple = { source, destination, protocol: name }
  if (zone !== undefined) tuple.zone = zone
  return tuple
}

function addressAt(view: DataView, at: number, length: number, addresses: Addresses): AddressForm {
  const isIpv6 = attributeType(view, at) >= CTA_IP_V6_SRC
  need(view, at, length, isIpv6 ? 16 : 4)
  if (addresses === 'bytes') {
    // A small array filled by hand costs a third of a slice.
    const bytes = new Uint8Array(isIpv6 ? 16 : 4)
    for (let i = 0; i < bytes.length; i++) bytes[i] = view.getUint8(at + 4 + i)
    return bytes
  }
  return isIpv6 ? formatIpv6(view, at + 4) : formatIpv4(view.getUint32(at + 4))
}
