import { doctor, formatFindings } from '@slatfatf/tfo-socket'

const [address, first, last, reservations] = process.argv.slice(2)
const ports = { first: Number(first), last: Number(last) }

const findings = doctor({ address, ports, reservations: Number(reservations) })
console.log(formatFindings(findings))
process.exitCode = findings.every(({ ok }) => ok) ? 0 : 1
