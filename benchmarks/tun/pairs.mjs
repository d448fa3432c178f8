/**
 * Each ratio's name, the load, who is compared with whom, and from which ratio on it is good enough.
 *
 * @type {readonly (readonly [string, string, string, string, number?])[]}
 */
const COMPARED = [
  ['off_vs_c', 'tcp', 'ours-off', 'c-off', 0.85],
  ['raw_vs_c', 'tcp', 'ours-raw', 'c-raw', 0.9],
  ['raw_vs_off', 'tcp', 'ours-raw', 'ours-off', 5],
  ['split_vs_off', 'tcp', 'ours-split', 'ours-off', 2],
  ['off_vs_readsync', 'tcp', 'ours-off', 'readsync'],
  ['off_vs_npm', 'tcp', 'ours-off', 'npm'],
  ['raw_vs_npm', 'tcp', 'ours-raw', 'npm'],
  ['raw_vs_wireguard_go', 'tcp', 'ours-raw', 'wireguard-go'],
  ['split_vs_wireguard_go', 'tcp', 'ours-split', 'wireguard-go'],
  ['pps64_vs_c', 'udp64', 'ours-off', 'c-off', 0.8],
  ['pps64_raw_vs_c', 'udp64', 'ours-raw', 'c-raw'],
  ['pps64_split_vs_off', 'udp64', 'ours-split', 'ours-off'],
  ['pps64_vs_readsync', 'udp64', 'ours-off', 'readsync', 1.5],
  ['pps64_split_vs_c', 'udp64', 'ours-split', 'c-off'],
  ['pps64_split_vs_readsync', 'udp64', 'ours-split', 'readsync'],
  ['pps64_vs_npm', 'udp64', 'ours-off', 'npm'],
  ['pps64_vs_wireguard_go', 'udp64', 'ours-off', 'wireguard-go'],
  ['pps1400_vs_c', 'udp1400', 'ours-off', 'c-off'],
  ['pps1400_raw_vs_c', 'udp1400', 'ours-raw', 'c-raw'],
  ['pps1400_split_vs_off', 'udp1400', 'ours-split', 'ours-off'],
  ['pps1400_vs_readsync', 'udp1400', 'ours-off', 'readsync'],
  ['pps1400_vs_npm', 'udp1400', 'ours-off', 'npm'],
  ['pps1400_vs_wireguard_go', 'udp1400', 'ours-off', 'wireguard-go'],
]

/** @type {import('../harness/summary.mjs').Pair[]} */
export const PAIRS = COMPARED.map(([key, load, subject, opponent]) => ({ key, load, subject, opponent }))

export const DEFINITIONS = {
  ratio: 'median over the rounds of (rate of the first / rate of the second in the same round)',
  off: 'bulk TCP through packets of at most the MTU; so are raw (super-packets) and split (super-packets, cut and merged)',
  pps64:
    'UDP of 64 bytes of payload, datagrams counted where the kernel would put them into a socket that nobody reads',
  pps1400: 'the same with 1400 bytes',
  vs: 'the package with the offload that is named (none: off) against the one behind vs; c has the same offload, or none',
  rates: 'bit/s of TCP payload received, or datagrams/s',
}

/**
 * Which ratios are as good as they have to be. Those that were not measured are left out.
 *
 * @param {Record<string, number>} ratios
 */
export function judge(ratios) {
  return COMPARED.flatMap(([key, , , , atLeast]) => {
    const ratio = ratios[key]
    return atLeast === undefined || ratio === undefined
      ? []
      : [{ key, ratio, atLeast, met: ratio >= atLeast }]
  })
}
