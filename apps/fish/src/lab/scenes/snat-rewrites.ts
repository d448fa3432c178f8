import { claim } from '../claim.js'
import { loadRuleset, on, output } from '../commands.js'
import type { Scene } from '../stage.js'
import { LAB } from '../topology.js'

/** (e) The same traffic through the kernel's own NAT: a socket of the host is silently moved out of the slice. */
export const snatRewrites: Scene = {
  letter: 'e',
  title: 'the same through nft snat: the silent rewrite that fish exists to prevent',
  async play({ client, edge, tell }) {
    const { address } = LAB.slice
    await installSnat()
    const port = 8085
    const forwarded = await client.hold({ host: LAB.origin, port })
    tell(`nft snat forwards the client's connection as ${forwarded.seenAs}`)
    claim(forwarded.seenAs.startsWith(`${address}:`), 'snat did not use the slice')
    const localPort = Number(forwarded.seenAs.split(':')[1])
    const ofHost = await edge.hold({ host: LAB.origin, port, localAddress: address, localPort })
    tell(`a host program binds ${address}:${localPort} and connects: no error`)
    tell(`the origin saw it as ${ofHost.seenAs}`)
    claim(
      ofHost.seenAs !== `${address}:${localPort}`,
      'the socket kept its port; the hazard was not reproduced',
    )
    const wirePort = Number(ofHost.seenAs.split(':')[1])
    const outside = wirePort < LAB.slice.first || wirePort > LAB.slice.last
    claim(outside, 'the socket stayed inside the slice; the hazard was not reproduced')
    tell('that port belongs to another machine: in production the answer would go there')
    await client.reset(forwarded.id)
    await edge.reset(ofHost.id)
  },
}

async function installSnat(): Promise<void> {
  const { address, first, last } = LAB.slice
  await output('ip', '-n', 'edge', 'addr', 'replace', `${address}/32`, 'dev', 'lo')
  await on('edge', 'sysctl', '--quiet', 'net.ipv4.ip_forward=1')
  await loadRuleset(
    'edge',
    `table ip lab_snat {
      chain postrouting {
        type nat hook postrouting priority srcnat;
        iifname "${LAB.clientInterface}" meta l4proto { tcp, udp } snat to ${address}:${first}-${last}
      }
    }`,
  )
}
