/** What a ratio's name says about who is compared: fish where nobody is named. */
const COMPARED = [
  { subject: 'fish', opponent: 'snat', suffix: 'vs_kernel_snat' },
  { subject: 'fish', opponent: 'reference', suffix: 'vs_c' },
  { subject: 'reference', opponent: 'snat', suffix: 'c_vs_kernel_snat' },
]

/**
 * Who is compared with whom under each of the loads.
 *
 * @param {readonly import('../harness/loads/load.mjs').Load[]} loads
 * @returns {import('../harness/summary.mjs').Pair[]}
 */
export function pairsOf(loads) {
  return loads.flatMap(({ name: load }) =>
    COMPARED.map(({ subject, opponent, suffix }) => ({ key: `${load}_${suffix}`, load, subject, opponent })),
  )
}

export const DEFINITIONS = {
  ratio: 'median over the rounds of (rate of the first / rate of the second in the same round)',
  tcp: 'bulk TCP out, client to internet; the way back has its own ratios, tcp_back',
  udp64: 'UDP of 64 bytes out, nobody reads the socket, packets counted at the far interface',
  udp64_sink_reads: 'the same with a process that reads the socket, datagrams it got counted',
  rates: 'bit/s of TCP payload received, or packets/s',
}
