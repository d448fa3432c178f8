import { expect, test } from 'vitest'
import { UsageError } from '../usage-error.js'
import { parseNatTarget } from './parse-nat-target.js'

test.each([
  ['198.51.100.1', { address: '198.51.100.1' }],
  ['198.51.100.1:9000', { address: '198.51.100.1', port: 9000 }],
  ['198.51.100.1:9000-9009', { address: '198.51.100.1', port: [9000, 9009] }],
  ['198.51.100.1-198.51.100.9', { address: ['198.51.100.1', '198.51.100.9'] }],
  ['198.51.100.1-198.51.100.9:80', { address: ['198.51.100.1', '198.51.100.9'], port: 80 }],
  [':9000', { port: 9000 }],
  ['2001:db8::1', { address: '2001:db8::1' }],
  ['[2001:db8::1]', { address: '2001:db8::1' }],
  ['[2001:db8::1]:9000-9009', { address: '2001:db8::1', port: [9000, 9009] }],
  ['2001:db8::1-2001:db8::9', { address: ['2001:db8::1', '2001:db8::9'] }],
])('%s is read as nft reads it', (text, target) => {
  expect(parseNatTarget('source-nat', text)).toEqual(target)
})

test.each([
  '',
  ':',
  'example.org',
  '198.51.100.1:',
  '198.51.100.1:70000',
  '198.51.100.1:9-1',
  '198.51.100.1-2001:db8::1',
  '198.51.100.1-',
  '198.51.100.1-198.51.100.2-198.51.100.3',
  '[2001:db8::1',
  '[2001:db8::1]9000',
])("'%s' is wrong use", (text) => {
  expect(() => parseNatTarget('source-nat', text)).toThrow(UsageError)
})
