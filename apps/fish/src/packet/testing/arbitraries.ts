import * as fc from 'fast-check'
import { buildEcho, buildTcp, buildUdp } from './build-packet.js'

/** Generators of valid packets between any two hosts, for property tests. */

const octet = (min: number, max: number) => fc.integer({ min, max })

/** Unicast addresses in host order. */
export const address = fc
  .tuple(octet(1, 126), octet(0, 255), octet(0, 255), octet(0, 255))
  .map(([a, b, c, d]) => ((a << 24) | (b << 16) | (c << 8) | d) >>> 0)
  .chain((low) => fc.constantFrom(low, (low + 0x80000000) % 0xdf000000 || low))
  .filter((value) => value >>> 24 !== 127 && value >>> 24 !== 0)

export const port = fc.integer({ min: 0, max: 0xffff })

const payload = fc.uint8Array({ maxLength: 80 })
const options = fc.constantFrom(new Uint8Array(0), new Uint8Array([1, 1, 1, 0]), new Uint8Array(8).fill(1))
const ends = { source: address, destination: address, options }
const ports = { ...ends, sourcePort: port, destinationPort: port, payload }

/** TCP, UDP with and without checksum, and echo, all complete. */
export const completePacket = fc.oneof(
  fc.record({ ...ports, flags: fc.integer({ min: 0, max: 255 }) }).map(buildTcp),
  fc.record(ports).map(buildUdp),
  fc.record(ports).map((fields) => buildUdp({ ...fields, checksum: 'none' })),
  fc.record({ ...ends, id: port, payload, type: fc.constantFrom('request', 'reply') }).map(buildEcho),
)

/** TCP and UDP as a device with offload delivers them: only the pseudo-header sum in the checksum field. */
export const partialPacket = fc.oneof(
  fc.record(ports).map((fields) => buildTcp({ ...fields, partial: true })),
  fc.record(ports).map((fields) => buildUdp({ ...fields, partial: true })),
)
