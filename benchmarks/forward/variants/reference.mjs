import { output, startProgram } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { compileNativeProgram } from '../../harness/native-program.mjs'
import { FORWARDER_CORE } from '../../harness/placement.mjs'
import { LAB } from '../lab.mjs'

const { slice, clientInterface } = LAB
const DEVICE = 'cfwd0'

const MATCH = `ip daddr ${slice.address} meta l4proto { tcp, udp } th dport ${slice.first}-${slice.last}`
const RULESET = `add table ip bench
add chain ip bench raw { type filter hook prerouting priority raw; }
add rule ip bench raw ${MATCH} notrack meta mark set 42`

/** In this order: the local table moves behind the mark, and is never missing. */
const INSTALL = [
  `sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.${DEVICE}.rp_filter=0 net.ipv4.conf.${DEVICE}.accept_local=1`,
  // As long a queue as fish gives its own device.
  `ip link set ${DEVICE} mtu 1500 txqueuelen 10000 up`,
  `ip route add default dev ${DEVICE} table 100`,
  `ip route add default dev ${DEVICE} table 101`,
  'ip rule add fwmark 42 table 100 priority 10',
  'ip rule add table local priority 11',
  `ip rule add iif ${clientInterface} table 101 priority 12`,
  'ip rule delete priority 0',
]

/** The routes go with the device, which goes with the process. */
const REMOVE = [
  'ip rule add table local priority 0',
  `ip rule delete iif ${clientInterface} table 101 priority 12`,
  'ip rule delete table local priority 11',
  'ip rule delete fwmark 42 table 100 priority 10',
]

/** The project's forwarder in C. @type {import('../../harness/variant.mjs').Variant} */
export const reference = {
  name: 'reference',
  title: 'C reference over TUN (-O2, static mapping)',
  rules: [...RULESET.split('\n').map((line) => `nft ${line}`), ...INSTALL],
  async start() {
    const forwarder = await compileNativeProgram('reference-forwarder')
    const where = [slice.address, String(slice.first), String(slice.last)]
    const program = await startProgram(inside('edge', [forwarder, DEVICE, ...where], FORWARDER_CORE), {
      ready: 'ready',
    })
    await output(inside('edge', ['nft', RULESET]))
    for (const line of INSTALL) await output(inside('edge', line.split(' ')))
    return {
      process: { pid: program.pid, devices: [{ name: DEVICE, seenBy: program.pid }] },
      async stop() {
        for (const line of REMOVE) await output(inside('edge', line.split(' ')))
        await output(inside('edge', ['nft', 'delete table ip bench']))
        await program.stop()
        await program.ended()
      },
    }
  },
}
