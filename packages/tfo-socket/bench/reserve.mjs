// Microseconds for each kind of reservation, its release and its refusal. Runs itself again in a network namespace of
// its own, so it changes nothing on the host, and needs CAP_SYS_ADMIN for that: `node bench/reserve.mjs`.
import { execFileSync, spawnSync } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { growDescriptorTable, reserveEchoId, reservePort, reserveTuple } from '@slatfatf/tfo-socket'

const rounds = 7
const inOwnNamespace = 'RESERVE_BENCH_OF'

const namespace = readlinkSync('/proc/self/ns/net')
if (process.env[inOwnNamespace] === undefined) {
  const { status } = spawnSync('unshare', ['--net', process.execPath, fileURLToPath(import.meta.url)], {
    stdio: 'inherit',
    env: { ...process.env, [inOwnNamespace]: namespace },
  })
  process.exit(status ?? 1)
}
if (process.env[inOwnNamespace] === namespace)
  throw new Error('this must run in a network namespace of its own')

const run = (line) => execFileSync('sh', ['-ec', line])
run(`ip link set lo up
ip address add 192.0.2.1/32 dev lo
ip address add 2001:db8::1/128 dev lo nodad
ip route add default dev lo
ip -6 route add default dev lo
echo 9000 29999 > /proc/sys/net/ipv4/ip_local_port_range
echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range`)
growDescriptorTable(8_192)

const range = { first: 10_000, last: 29_999 }
const tuple = { address: '192.0.2.1', ports: range, remoteAddress: '198.51.100.7', remotePort: 443 }
const tuple6 = { ...tuple, address: '2001:db8::1', remoteAddress: '2001:db8:7::7' }
const port = { address: '192.0.2.1', ports: range }

console.log('2,000 held at once, median of %d rounds, µs each', rounds)
report('tuple, kernel picks of 20,000', (i) => reserveTuple({ ...tuple, remotePort: 1 + i }))
report('tuple, kernel picks, one remote', () => reserveTuple(tuple))
report('tuple, named port', (i) => reserveTuple({ ...tuple, ports: 10_000 + i }))
report('tuple, named port, 2,000 remotes', (i) =>
  reserveTuple({ ...tuple, ports: 10_000, remotePort: 1 + i }),
)
report('tuple, IPv6', () => reserveTuple(tuple6))
report('TCP port, named', (i) => reservePort({ ...port, protocol: 'tcp', ports: 10_000 + i }))
report('UDP port, named', (i) => reservePort({ ...port, protocol: 'udp', ports: 10_000 + i }))
report('UDP port, kernel picks of 20,000', () => reservePort({ ...port, protocol: 'udp' }))
report('echo id', (i) => reserveEchoId({ address: '192.0.2.1', id: 1 + i }))

console.log('\nrefused, µs each')
const slice = { first: 9000, last: 9999 }
refused('tuple, named port held', 1, () => reserveTuple({ ...tuple, ports: 9000 }))
refused('tuple, slice of 1,000 full', 1_000, () => reserveTuple({ ...tuple, ports: slice }))
refused('TCP port, named, held', 1, () => reservePort({ ...port, protocol: 'tcp', ports: 9000 }))
refused('TCP port, slice of 1,000 full', 1_000, () => reservePort({ ...port, protocol: 'tcp', ports: slice }))
refused('UDP port, named, held', 1, () => reservePort({ ...port, protocol: 'udp', ports: 9000 }))
refused('UDP port, slice of 1,000 full', 1_000, () => reservePort({ ...port, protocol: 'udp', ports: slice }))
refused('echo id held', 1, () => reserveEchoId({ address: '192.0.2.1', id: 1 }))

function report(title, reserve) {
  const count = 2_000
  const reserving = []
  const releasing = []
  for (let round = 0; round < rounds; round += 1) {
    const held = []
    reserving.push(microsecondsEach(count, (i) => held.push(reserve(i))))
    releasing.push(microsecondsEach(count, (i) => held[i].release()))
  }
  console.log(`${title.padEnd(36)} reserve ${median(reserving)}   release ${median(releasing)}`)
}

function refused(title, capacity, reserve) {
  const held = Array.from({ length: capacity }, reserve)
  const times = []
  for (let round = 0; round < rounds; round += 1) {
    times.push(
      microsecondsEach(200, () => {
        try {
          reserve()
        } catch {
          return
        }
        throw new Error(`${title}: was not refused`)
      }),
    )
  }
  for (const reservation of held) reservation.release()
  console.log(`${title.padEnd(36)} refused ${median(times)}`)
}

function microsecondsEach(count, run) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i += 1) run(i)
  return Number(process.hrtime.bigint() - start) / 1_000 / count
}

function median(values) {
  return values
    .sort((a, b) => a - b)
    [Math.floor(values.length / 2)].toFixed(1)
    .padStart(7)
}
