//   namespace a
//   senders --- tun device 192.0.2.1/24, 2001:db8::1/64 --- examples/packet-printer.mjs
import type { Lab } from '@slatfatf/netns'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTunLab } from './tun-lab.js'

let lab: Lab

beforeAll(async () => {
  lab = await createTunLab()
  await lab.sysctl('a', 'net.ipv6.conf.default.disable_ipv6', '0')
})
afterAll(() => lab?.close())

const example = new URL('../examples/packet-printer.mjs', import.meta.url)

/** Sends a datagram and begins a connection, both without an answer, from a port that is known. */
const send = (family: string, peer: string) => `
import socket
udp = socket.socket(socket.${family}, socket.SOCK_DGRAM)
udp.bind(('', 5000))
udp.sendto(b'four', ('${peer}', 53))
tcp = socket.socket(socket.${family}, socket.SOCK_STREAM)
tcp.bind(('', 5000))
tcp.setblocking(False)
tcp.connect_ex(('${peer}', 80))`

test('the packet printer prints a line for each packet, and a sum when it is interrupted', async () => {
  const printer = lab.spawn('a', process.execPath, [example.pathname])
  await printer.waitForOutput(/printing what is routed into tun0/)
  lab.spawn('a', 'ping', ['-c', '1', '192.0.2.2'])
  await lab.exec('a', 'python3', ['-c', send('AF_INET', '192.0.2.2')])
  await lab.exec('a', 'python3', ['-c', send('AF_INET6', '2001:db8::2')])
  await printer.waitForOutput(/^192\.0\.2\.1 > 192\.0\.2\.2 ICMP echo request 84 bytes$/m)
  await printer.waitForOutput(/^192\.0\.2\.1:5000 > 192\.0\.2\.2:53 UDP 32 bytes$/m)
  await printer.waitForOutput(/^192\.0\.2\.1:5000 > 192\.0\.2\.2:80 TCP SYN \d+ bytes$/m)
  await printer.waitForOutput(/^\[2001:db8::1\]:5000 > \[2001:db8::2\]:53 UDP 52 bytes$/m)
  await printer.waitForOutput(/^\[2001:db8::1\]:5000 > \[2001:db8::2\]:80 TCP SYN \d+ bytes$/m)
  expect(await printer.stop('SIGINT')).toEqual({ code: 0, signal: null })
  const lines = printer.stdout.trim().split('\n')
  expect(lines.at(-1)).toBe(`${lines.length - 2} packets`)
  expect(printer.stderr).toBe('')
})
