import type { Config } from '../config/config.js'

/** The part of the configuration the ruleset depends on. */
type RulesetConfig = Pick<Config, 'device' | 'clients' | 'slices' | 'routing' | 'timeouts'>

/**
 * The counters of what the kernel drops on behalf of fish.
 *
 * - `guard_in`: to a slice, and no socket of the host holds it, or it is ours and came where it could not be steered.
 * - `guard_out`: from fish, and its final source is outside of the slices.
 * - `foreign_source`: from a client's interface, and its source is outside of the client's prefixes.
 * - `hairpin`: from a client's interface to what another client holds of a slice.
 */
export const GUARDS = ['guard_in', 'guard_out', 'foreign_source', 'hairpin'] as const

/** The nft table of the instance with that device, so that two instances do not share one. */
export function tableName(device: string): string {
  return `fish_${device.replaceAll(/\W/g, '_')}`
}

/**
 * The ruleset, as text for `nft -f -`: steering of return packets, and the two guards.
 *
 * It keeps no connection: what is ours is what a socket with our mark holds, and for echo ids, which sockets cannot be found by,
 * what an echo request of ours has announced. Requires Linux 5.7 (`socket` with marks) and nft_socket, nft_fib_ipv4,
 * nft_dup_ipv4, nft_tproxy. The device must exist.
 *
 * @param errorDevice - where ICMP errors of the host itself are handed to fish; the device, except in a trial
 */
export function renderRuleset(config: RulesetConfig, errorDevice = config.device.name): string {
  const device = JSON.stringify(config.device.name)
  const clients = `{ ${config.clients.map((client) => JSON.stringify(client.interface)).join(', ')} }`
  const slices = config.slices.map(({ address, ports }) =>
    ports.first === ports.last ? `${address} . ${ports.first}` : `${address} . ${ports.first}-${ports.last}`,
  )
  const addresses = [...new Set(config.slices.map(({ address }) => address))]
  const { mark } = config.routing
  const errors = 'icmp type { destination-unreachable, time-exceeded, parameter-problem }'
  // Inside an ICMP error, counted in bits from its header: the quoted header has no options, its protocol is ICMP, the quoted ICMP
  // type is echo request. The error goes to the source of what it quotes, so the destination stands for the quoted source.
  const quotedEchoId = '@th,64,8 0x45 @th,136,8 1 @th,224,8 8 ip daddr . @th,256,16 @echo_ids'
  const vmap = [
    `${device} : goto from_fish`,
    ...config.clients.map((client) => `${JSON.stringify(client.interface)} : goto from_client`),
  ]
  const take = `meta mark set ${mark} notrack return`

  const foreign = config.clients.flatMap(({ interface: name, prefixes = [] }) =>
    prefixes.length === 0
      ? []
      : `    iifname "${name}" oifname ${device} ip saddr != { ${prefixes.join(', ')} } counter name foreign_source drop`,
  )

  return `table ip ${tableName(config.device.name)} {
  ${GUARDS.map((guard) => `counter ${guard} { }`).join('; ')}
  set slices { typeof ip daddr . th dport; flags interval; elements = { ${slices.join(', ')} }; }
  set slice_addresses { typeof ip daddr; elements = { ${addresses.join(', ')} }; }
  set echo_ids {
    typeof ip daddr . icmp id; flags dynamic,timeout; size 65535; timeout ${config.timeouts.icmpMs}ms;
  }

  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    # One look-up tells apart what fish and the clients send, which is nearly all there is.
    iifname vmap { ${vmap.join(', ')} }
    ip daddr @slice_addresses socket mark ${mark} ${take}
    icmp type echo-reply ip daddr . icmp id @echo_ids ${take}
    ${errors} ${quotedEchoId} ${take}
    # Never matches. A tproxy rule makes the kernel reassemble fragments before this chain, and only a first fragment has ports.
    meta l4proto udp ip saddr 255.255.255.255 tproxy to :1
  }

  chain from_fish {
    # An echo request registers its id itself: before any reply, and before the host's own forwarding may object to the packet.
    icmp type echo-request ip saddr @slice_addresses update @echo_ids { ip saddr . icmp id timeout ${config.timeouts.icmpMs}ms }
    notrack
  }

  chain from_client {
    # Steered, it would reach the other client with this one's private address as its source.
    ip daddr @slice_addresses socket mark ${mark} counter name hairpin drop
    fib daddr type != local notrack
  }

  chain forward {
    type filter hook forward priority filter; policy accept;
${foreign.join('\n')}
  }

  chain input {
    type filter hook input priority filter - 10; policy accept;
    # Errors that the host's own forwarding sends about our packets do not pass the routing rules: they are handed over here. The
    # gateway only has to be an address; the device has no neighbours.
    iifname "lo" ${errors} ip daddr @slice_addresses socket mark ${mark} dup to 192.0.2.1 device "${errorDevice}" drop
    iifname "lo" ${errors} ${quotedEchoId} dup to 192.0.2.1 device "${errorDevice}" drop
    iifname "lo" return
    # Ours, but not steered.
    ip daddr @slice_addresses socket mark ${mark} counter name guard_in drop
    meta l4proto != { tcp, udp } return
    ip daddr . th dport != @slices return
    # Both values: any socket of the host, and unlike "wildcard" this finds TIME-WAIT too.
    socket transparent { 0, 1 } accept
    counter name guard_in drop
  }

  chain postrouting {
    type filter hook postrouting priority 300; policy accept;
    iifname != ${device} return
    oifname ${clients} return
    meta l4proto { tcp, udp } ip saddr . th sport @slices accept
    meta l4proto icmp ip saddr @slice_addresses accept
    counter name guard_out drop
  }
}
`
}
