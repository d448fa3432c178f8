import { expect, test } from 'vitest'
import { STATUS } from '../../flow/status.js'
import { UsageError } from '../usage-error.js'
import { CHANGE_OPTIONS, changeOf } from './change-options.js'
import { KEY_OPTIONS, keyOf } from './key-options.js'
import { NEW_FLOW_OPTIONS, newFlowOf } from './new-flow-options.js'
import { parseOptions } from './parse-options.js'

const newFlow = (...args: string[]) => newFlowOf(parseOptions(args, NEW_FLOW_OPTIONS))
const key = (...args: string[]) => keyOf(parseOptions(args, KEY_OPTIONS))
const change = (...args: string[]) => changeOf(parseOptions(args, CHANGE_OPTIONS))
const ends = ['-s', '192.0.2.1', '-d', '203.0.113.1']
const ports = ['--source-port', '4000', '--destination-port', '443']

test('a TCP entry is one whose first packet has not been sent, unless something else is said', () => {
  const original = {
    source: '192.0.2.1',
    destination: '203.0.113.1',
    protocol: 'tcp',
    sourcePort: 4000,
    destinationPort: 443,
  }
  expect(newFlow(...ends, ...ports)).toEqual({
    original,
    timeoutSeconds: 120,
    status: STATUS.CONFIRMED,
    protocolInfo: { tcp: { state: 'SYN_SENT' } },
  })
  const options = ['-t', '600', '--state', 'established', '-u', 'seen_reply,assured', '-m', '0x2a', '-w', '5']
  expect(newFlow(...ends, ...ports, ...options, '-n', ':9000', '-g', '10.0.0.2', '--helper', 'ftp')).toEqual({
    original,
    timeoutSeconds: 600,
    status: STATUS.CONFIRMED | STATUS.SEEN_REPLY | STATUS.ASSURED,
    protocolInfo: { tcp: { state: 'ESTABLISHED' } },
    mark: 42,
    zone: 5,
    helper: { name: 'ftp' },
    nat: { source: { port: 9000 }, destination: { address: '10.0.0.2' } },
  })
})

test('an entry of another protocol has no state', () => {
  expect(newFlow('-p', 'icmp', ...ends, '--icmp', '8/0/1234')).toEqual({
    original: {
      source: '192.0.2.1',
      destination: '203.0.113.1',
      protocol: 'icmp',
      icmp: { type: 8, code: 0, id: 1234 },
    },
    timeoutSeconds: 120,
    status: STATUS.CONFIRMED,
  })
})

test('a key has one tuple, of either direction', () => {
  expect(key(...ends, ...ports, '--reply', '-w', '0', '--id', '4294967295')).toEqual({
    reply: {
      source: '192.0.2.1',
      destination: '203.0.113.1',
      protocol: 'tcp',
      sourcePort: 4000,
      destinationPort: 443,
    },
    zone: 0,
    id: 4294967295,
  })
})

test('a change to zero is a change', () => {
  expect(change('--mark', '0')).toEqual({ mark: 0 })
  expect(change('--mark', '1/3', '--status', 'ASSURED', '--state', 'CLOSE', '-t', '5')).toEqual({
    mark: { value: 1, mask: 3 },
    status: STATUS.CONFIRMED | STATUS.ASSURED,
    protocolInfo: { tcp: { state: 'CLOSE' } },
    timeoutSeconds: 5,
  })
})

test('what names no entry, or changes nothing, is wrong use', () => {
  expect(() => newFlow('-s', '192.0.2.1')).toThrow(UsageError)
  expect(() => key(...ends, '--icmp', '8/0')).toThrow(UsageError)
  expect(() => change()).toThrow(UsageError)
})
