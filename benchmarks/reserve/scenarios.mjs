import { LAB } from './lab.mjs'

/**
 * What every side does the same. It holds `prefill` reservations all the time. A pass makes `count` more and releases
 * them.
 *
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string} title
 * @property {'tuple' | 'watched' | 'tcp' | 'udp' | 'echo'} kind
 * @property {'picked' | 'named' | 'shared'} ports By the kernel; each its own; one port, each its own remote.
 * @property {number} prefill
 * @property {number} count
 * @property {boolean} [refused] Every attempt has to be refused. Default: granted.
 * @property {boolean} [ipv6]
 */

const SIZE = LAB.slice.last - LAB.slice.first + 1
/** Few enough that the slice stays as full as it says. */
const FEW = 16

/** @type {Scenario[]} One port for many remotes, and as many ports for one remote each. */
export const SHARING = [
  scenario('named', 'tuple, ports named, one remote each', { ports: 'named', prefill: 2_000 - FEW }),
  scenario('shared_64', 'tuple, one port named for 64 remotes', { ports: 'shared', prefill: 64 - FEW }),
  scenario('shared_2000', 'tuple, one port named for 2,000 remotes', {
    ports: 'shared',
    prefill: 2_000 - FEW,
  }),
]

/** @type {Scenario} What everything else is a variation of. */
export const SINGLE = scenario('single', 'tuple, kernel picks, slice empty', {})

/** @type {Scenario[]} */
export const KINDS = [
  scenario('picked_50', 'tuple, kernel picks, slice half full', { prefill: SIZE / 2 }),
  scenario('picked_99', 'tuple, kernel picks, slice 99 % full', { prefill: Math.floor(SIZE * 0.99) }),
  scenario('picked_all', 'tuple, kernel picks, from empty to full', { count: SIZE }),
  scenario('ipv6', 'tuple of IPv6, kernel picks', { ipv6: true }),
  scenario('watched', 'tuple, watched', { kind: 'watched' }),
  scenario('tcp_port', 'TCP port, kernel picks', { kind: 'tcp' }),
  scenario('tcp_port_named', 'TCP port, named', { kind: 'tcp', ports: 'named' }),
  scenario('udp_port', 'UDP port, kernel picks', { kind: 'udp' }),
  scenario('udp_port_named', 'UDP port, named', { kind: 'udp', ports: 'named' }),
  scenario('echo_id', 'echo id', { kind: 'echo', ports: 'named' }),
  scenario('refused', 'refused: tuple, slice full', { prefill: SIZE, refused: true }),
  scenario('refused_named', 'refused: tuple, named port', { ports: 'named', prefill: FEW, refused: true }),
  scenario('refused_tcp', 'refused: TCP port, slice full', { kind: 'tcp', prefill: SIZE, refused: true }),
  scenario('refused_udp', 'refused: UDP port, slice full', { kind: 'udp', prefill: SIZE, refused: true }),
]

/** Those whose system calls are counted: one for each kind. */
export const TRACED = [SINGLE, ...KINDS].filter(({ name }) =>
  ['single', 'watched', 'tcp_port', 'udp_port_named', 'echo_id'].includes(name),
)

/** @type {Scenario[]} By an object that remembers what is held and what was refused; C asks the kernel each time. */
export const SLICES = [
  scenario('slice_picked', 'slice object: tuple, slice empty', {}),
  scenario('slice_udp_port', 'slice object: UDP port, slice empty', { kind: 'udp' }),
  scenario('slice_udp_port_99', 'slice object: UDP port, slice 99 % full', {
    kind: 'udp',
    prefill: Math.floor(SIZE * 0.99),
  }),
  scenario('slice_refused', 'slice object refuses: tuple', { prefill: SIZE, refused: true }),
  scenario('slice_refused_udp', 'slice object refuses: UDP port', {
    kind: 'udp',
    prefill: SIZE,
    refused: true,
  }),
]

/** @type {Scenario} Each with a port of its own: the dearest case, because nothing is shared. */
export const HOLDING = scenario('held', '10,000 tuples, a port each', { count: 10_000 })

/** @type {Scenario} */
export const HOLDING_WATCHED = { ...HOLDING, name: 'held_watched', kind: 'watched' }

/**
 * @param {string} name
 * @param {string} title
 * @param {Partial<Scenario>} differences From a tuple in an empty slice.
 * @returns {Scenario}
 */
function scenario(name, title, differences) {
  return { name, title, kind: 'tuple', ports: 'picked', prefill: 0, count: FEW, ...differences }
}

/**
 * The arguments of every side: KIND PORTS LOCAL REMOTE FIRST LAST PREFILL COUNT EXPECT MILLISECONDS.
 *
 * @param {Scenario} scenario
 * @param {{ milliseconds: number }} time
 */
export function argumentsOf({ kind, ports, prefill, count, refused, ipv6 }, { milliseconds }) {
  const { address, remote, address6, remote6, slice } = LAB
  const names = ipv6 ? [address6, remote6] : [address, remote]
  const expect = refused ? 'refused' : 'granted'
  return [kind, ports, ...names, slice.first, slice.last, prefill, count, expect, milliseconds].map(String)
}

/**
 * The arguments for holding what a scenario makes until the process ends.
 *
 * @param {Scenario} scenario
 */
export function holdingArgumentsOf({ kind, ports, count }) {
  const { address, remote, wideSlice } = LAB
  return [kind, ports, address, remote, wideSlice.first, wideSlice.last, 0, count, 'held', 0].map(String)
}
