import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  allCaptured,
  capturedAddress4,
  capturedAddress6,
  capturedBridgePortGone,
  capturedLink,
  capturedLocalRule,
  capturedMove,
  capturedMultipath,
  capturedRoute4,
  capturedRoute6,
  capturedRule,
  capturedTun,
} from '../../test/captured.js'
import { decodeMessages, type NetlinkMessage } from '../codec/message.js'
import { PayloadWriter } from '../codec/payload-writer.js'
import { isNetlinkError } from '../errors/netlink-error.js'
import { decodeAddress } from './address/address.js'
import { IFLA_WIRELESS, RTM_NEWLINK } from './constants.js'
import { decodeLink } from './link/link.js'
import { decodeLinkEvent } from './link/link-event.js'
import { decodeNeighbour } from './neighbour/neighbour.js'
import { decodeRoute, nameInterfaces } from './route/route.js'
import { decodeRule } from './rule/rule.js'

function messageOf(bytes: Uint8Array): NetlinkMessage {
  let found: NetlinkMessage | undefined
  decodeMessages(bytes, 0, bytes.length, (message) => {
    found = message
  })
  return found!
}

test('a link', () => {
  expect(decodeLink(messageOf(capturedLink))).toEqual({
    index: 3,
    name: 'dummy0',
    kind: 'veth',
    mtu: 1400,
    txQueueLength: 77,
    up: true,
    running: true,
    flags: 0x11043,
    address: '02:00:00:00:00:01',
    carrier: true,
    operationalState: 'up',
    group: 0,
  })
})

test('a TUN device says what it is, and what went through it if that was asked for', () => {
  const link = {
    index: 2,
    name: 'tun0',
    kind: 'tun',
    mtu: 1400,
    txQueueLength: 500,
    up: true,
    running: true,
    flags: 0x110d1,
    carrier: true,
    operationalState: 'unknown',
    group: 7,
    tun: {
      mode: 'tun',
      owner: 1000,
      group: 1001,
      packetInformation: false,
      virtioHeader: true,
      persist: true,
      multiQueue: true,
      queues: 2,
      disabledQueues: 1,
    },
  }
  const statistics = {
    rxPackets: 2n,
    txPackets: 3n,
    rxBytes: 70n,
    txBytes: 384n,
    rxErrors: 0n,
    txErrors: 0n,
    rxDropped: 1n,
    txDropped: 0n,
  }
  expect(decodeLink(messageOf(capturedTun))).toEqual(link)
  expect(decodeLink(messageOf(capturedTun), { statistics: true })).toEqual({ ...link, statistics })
})

test('an event tells what has become of a link', () => {
  expect(decodeLinkEvent({ ...messageOf(capturedLink), type: RTM_NEWLINK })).toEqual({
    link: decodeLink(messageOf(capturedLink)),
    isGone: false,
  })
  expect(decodeLinkEvent(messageOf(capturedMove))).toEqual({
    link: expect.objectContaining({ index: 2, name: 'tun0', up: false }),
    isGone: true,
    movedToIndex: 2,
  })
})

test('a port that leaves its bridge is not a link that is gone, and a wireless event is no link', () => {
  expect(decodeLinkEvent(messageOf(capturedBridgePortGone))).toBeUndefined()
  const payload = new PayloadWriter(new Uint8Array(16))
    .text(3, 'wlan0')
    .bytes(IFLA_WIRELESS, new Uint8Array(16))
  const message = { ...messageOf(capturedMove), type: RTM_NEWLINK }
  expect(decodeLinkEvent({ ...message, payload: new DataView(payload.finish().buffer) })).toBeUndefined()
})

test('an address with a peer', () => {
  expect(decodeAddress(messageOf(capturedAddress4), 4)).toEqual({
    index: 3,
    address: '198.51.100.10',
    prefixLength: 32,
    peer: '198.51.100.11',
    scope: 'global',
    family: 4,
  })
})

test('an IPv6 address', () => {
  expect(decodeAddress(messageOf(capturedAddress6), 6)).toEqual({
    index: 3,
    address: '2001:db8::1',
    prefixLength: 64,
    scope: 'global',
    family: 6,
  })
})

test('what belongs to another family is left out', () => {
  expect(decodeAddress(messageOf(capturedAddress6), 4)).toBeUndefined()
  expect(decodeRoute(messageOf(capturedRoute6), 4)).toBeUndefined()
  expect(decodeRule(messageOf(capturedRule), 6)).toBeUndefined()
})

test('a route in a table beyond 255', () => {
  expect(nameInterfaces(decodeRoute(messageOf(capturedRoute4), 4)!, new Map([[3, 'dummy0']]))).toEqual({
    destination: '203.0.113.0/24',
    table: 1000,
    interface: 'dummy0',
    gateway: '198.51.100.11',
    protocol: 'static',
    scope: 'global',
    type: 'unicast',
    metric: 5,
    preferredSource: '198.51.100.10',
    mtu: 1300,
    family: 4,
  })
})

test('a route over several ways', () => {
  expect(
    nameInterfaces(decodeRoute(messageOf(capturedMultipath), 4)!, new Map([[3, 'dummy0']])),
  ).toMatchObject({
    destination: '203.0.113.0/24',
    nextHops: [
      { interface: 'dummy0', gateway: '198.51.100.11', weight: 3 },
      { interface: 'dummy0', weight: 1 },
    ],
  })
})

test('an IPv6 route', () => {
  expect(nameInterfaces(decodeRoute(messageOf(capturedRoute6), 6)!, new Map([[3, 'dummy0']]))).toEqual({
    destination: '2001:db8:1::/48',
    table: 254,
    interface: 'dummy0',
    gateway: '2001:db8::2',
    protocol: 'boot',
    scope: 'global',
    type: 'unicast',
    metric: 7,
    family: 6,
  })
})

test('a route whose interface has gone is left out', () => {
  expect(nameInterfaces(decodeRoute(messageOf(capturedRoute6), 6)!, new Map())).toBeUndefined()
})

test('a rule with all its conditions', () => {
  expect(decodeRule(messageOf(capturedRule), 4)).toEqual({
    rule: {
      priority: 10,
      table: 1000,
      mark: 0x2a,
      mask: 0xff,
      inputInterface: 'dummy0',
      from: '198.51.100.0/24',
      action: 'lookup',
      family: 4,
    },
    hasOtherConditions: false,
  })
})

test('a rule of priority 0, which the kernel leaves out of the message', () => {
  expect(decodeRule(messageOf(capturedLocalRule), 4)).toEqual({
    rule: { priority: 0, table: 255, action: 'lookup', family: 4 },
    hasOtherConditions: false,
  })
})

test('spoiled messages give something or are refused as malformed', () => {
  const decoders = [
    (message: NetlinkMessage) => decodeLink(message, { statistics: true }),
    (message: NetlinkMessage) => decodeLinkEvent({ ...message, type: RTM_NEWLINK }),
    (message: NetlinkMessage) => decodeAddress(message, 4),
    (message: NetlinkMessage) => decodeRoute(message, 4),
    (message: NetlinkMessage) => decodeRoute(message, 6),
    (message: NetlinkMessage) => decodeRule(message, 4),
    (message: NetlinkMessage) => decodeNeighbour(message, 4),
    (message: NetlinkMessage) => decodeNeighbour(message, 6),
  ]
  // The second half reaches into the counters and the description of a TUN device.
  const place = fc.oneof(fc.integer({ min: 16, max: 160 }), fc.integer({ min: 160, max: 720 }))
  fc.assert(
    fc.property(
      fc.constantFrom(...allCaptured),
      fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 6 }),
      place,
      (captured, changes, cut) => {
        const bytes = captured.slice(0, cut)
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value
        const payload = new DataView(bytes.buffer, 16)
        for (const decode of decoders) {
          try {
            decode({ type: 0, flags: 0, sequence: 0, portId: 0, payload })
          } catch (error) {
            expect(isNetlinkError(error) && error.code).toBe('ERR_NETLINK_MALFORMED')
          }
        }
      },
    ),
    { numRuns: 5_000 },
  )
})
