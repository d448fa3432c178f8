import { expect, test } from 'vitest'
import { formatFindings } from './format-findings.js'

test('one line for what is right; what it affects and the fix below what is wrong', () => {
  const range = {
    check: 'ip-local-port-range',
    ok: false,
    found: 'net.ipv4.ip_local_port_range = 9000 9999',
    wanted: 'covers 8000-8009',
    affects: 'ports outside cannot be reserved',
  }
  const findings = [
    { check: 'address', ok: true, found: '192.0.2.1 can be bound', wanted: 'local', affects: 'all' },
    { ...range, fix: 'sysctl -w net.ipv4.ip_local_port_range="8000 9999"' },
    range,
  ]
  expect(formatFindings(findings)).toBe(
    `
ok    address              192.0.2.1 can be bound
WRONG ip-local-port-range  net.ipv4.ip_local_port_range = 9000 9999
                           wanted: covers 8000-8009
                           affects: ports outside cannot be reserved
                           fix: sysctl -w net.ipv4.ip_local_port_range="8000 9999"
WRONG ip-local-port-range  net.ipv4.ip_local_port_range = 9000 9999
                           wanted: covers 8000-8009
                           affects: ports outside cannot be reserved`.slice(1),
  )
})

test('no findings are no text', () => {
  expect(formatFindings([])).toBe('')
})
