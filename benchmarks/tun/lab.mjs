import { output } from '../harness/commands.mjs'
import { configure, inside, removeNamespaces, renewNamespaces, startWitness } from '../harness/namespaces.mjs'

/** Where everything is: documentation addresses (RFC 5737). */
export const LAB = {
  left: { host: 'left', device: 'left0', address: '192.0.2.1', network: '192.0.2.0' },
  right: { host: 'right', device: 'right0', address: '198.51.100.1', network: '198.51.100.0' },
  /** The host of the forwarder, which has nothing else. */
  between: 'between',
}

/** Drawn once, printed with the figures. */
export const TOPOLOGY =
  'left 192.0.2.1 ── left0 ═ forwarder ═ right0 ── 198.51.100.1 right   (TUN, MTU 1500, 500 packets of queue)'

const { left, right, between } = LAB
const HOSTS = [left.host, right.host, between]

/** Three hosts without any cable, new for each measurement. Nobody sends but who is told to: there is no IPv6. */
export async function buildLab() {
  await renewNamespaces(HOSTS)
  for (const { host } of [left, right]) {
    await output(inside(host, ['sysctl', '-qw', 'net.ipv6.conf.default.disable_ipv6=1']))
  }
}

export function removeLab() {
  return removeNamespaces(HOSTS)
}

/**
 * Moves the two devices of a forwarder that runs on `between` to where they belong; its descriptors stay open. So every
 * variant gets the same devices, whether it can open one in another namespace or not.
 */
export async function placeDevices() {
  for (const { host, device } of [left, right]) {
    await output(['ip', '-n', between, 'link', 'set', device, 'netns', host])
  }
  await configureDevices()
}

/** Addresses and routes of the two devices, however they came there. */
export async function configureDevices() {
  for (const [here, there] of /** @type {const} */ ([
    [left, right],
    [right, left],
  ])) {
    await configure([
      [here.host, `address add ${here.address}/24 dev ${here.device}`],
      [here.host, `link set ${here.device} mtu 1500 txqueuelen 500 up`],
      [here.host, `route add ${there.network}/24 dev ${here.device}`],
    ])
  }
}

/** Processes that see the counters of the two devices. */
export async function startWitnesses() {
  const witnesses = await Promise.all([left, right].map(({ host }) => startWitness(host)))
  return {
    devices: [left, right].map(({ device }, index) => ({ name: device, seenBy: witnesses[index]?.pid ?? 0 })),
    stop: () => Promise.all(witnesses.map((witness) => witness.stop())),
  }
}
