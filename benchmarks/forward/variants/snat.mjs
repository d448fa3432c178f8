import { output } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { LAB } from '../lab.mjs'

const { slice, uplink, clientPrefix } = LAB

const RULESET = `add table ip bench
add chain ip bench post { type nat hook postrouting priority srcnat; }
add rule ip bench post oifname ${uplink} ip saddr ${clientPrefix} meta l4proto { tcp, udp } snat to ${slice.address}:${slice.first}-${slice.last}`

/** The kernel's own NAT into the same slice. @type {import('../../harness/variant.mjs').Variant} */
export const snat = {
  name: 'snat',
  title: 'kernel nft snat (conntrack)',
  rules: RULESET.split('\n').map((line) => `nft ${line}`),
  async start() {
    await output(inside('edge', ['nft', RULESET]))
    return {
      async stop() {
        await output(inside('edge', ['nft', 'delete table ip bench']))
      },
    }
  },
}
