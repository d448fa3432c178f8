import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  allCaptured,
  capturedAddress4,
  capturedAddress6,
  capturedLink,
  capturedLocalRule,
  capturedMultipath,
  capturedRoute4,
  capturedRoute6,
  capturedRule,
} from '../../test/captured.js'
import { isNetlinkError } from '../errors.js'
import { decodeMessages, type NetlinkMessage } from '../message.js'
import { decodeAddress } from './addresses.js'
import { decodeLink } from './links.js'
import { decodeRoute, nameInterfaces } from './route.js'
import { decodeRule } from './rule.js'

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
  })
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
    decodeLink,
    (message: NetlinkMessage) => decodeAddress(message, 4),
    (message: NetlinkMessage) => decodeRoute(message, 4),
    (message: NetlinkMessage) => decodeRoute(message, 6),
    (message: NetlinkMessage) => decodeRule(message, 4),
  ]
  fc.assert(
    fc.property(
      fc.constantFrom(...allCaptured),
      fc.array(fc.tuple(fc.integer({ min: 16, max: 160 }), fc.nat(255)), { maxLength: 6 }),
      fc.integer({ min: 16, max: 160 }),
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
