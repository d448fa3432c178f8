// node doctor.mjs 192.0.2.1 40000 40010 198.51.100.7 1000
import { doctor, formatFindings } from '@slatfatf/tfo-socket'

const [address, first, last, remoteAddress, reservations] = process.argv.slice(2)
const ports = { first: Number(first), last: Number(last) }

const findings = doctor({ address, ports, remoteAddress, reservations: Number(reservations) })
console.log(formatFindings(findings))
process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1
