import { createLab, type Lab, type NetnsChild } from '@slatfatf/netns'

const cases = new URL('./cases/fast-open.mjs', import.meta.url)

/**
 *     client                        router                                        server
 *     d0  192.0.2.2/24 ──────────── c0  192.0.2.1/24    s0  198.51.100.1/24 ───── d0  198.51.100.2/24
 *         2001:db8:1::2/64              2001:db8:1::1/64    2001:db8:2::1/64          2001:db8:2::2/64
 *
 * The router counts SYNs with data. The client may send data in SYNs, the server may take it, and neither remembers
 * a cookie. In the client the kernel picks ports from 9000-9999.
 */
export interface FastOpenLab {
  lab: Lab
  client: NetnsChild
  server: NetnsChild
  /** SYNs with data that came to the router from the client, since the last reset. */
  synsWithData(): Promise<number>
  /** Rules of the router's own forward chain, until the next reset. */
  filter(rules: string): Promise<void>
  /** Closes every socket of the tests, and forgets cookies, counters, rules and sysctls. */
  reset(): Promise<void>
}

export async function createFastOpenLab(): Promise<FastOpenLab> {
  const lab = await createLab({
    namespaces: ['client', 'router', 'server'],
    links: [
      { a: 'client:d0 192.0.2.2/24 2001:db8:1::2/64', b: 'router:c0 192.0.2.1/24 2001:db8:1::1/64' },
      { a: 'router:s0 198.51.100.1/24 2001:db8:2::1/64', b: 'server:d0 198.51.100.2/24 2001:db8:2::2/64' },
    ],
  })
  try {
    await lab.ip('client', 'route', 'add', 'default', 'via', '192.0.2.1')
    await lab.ip('client', '-6', 'route', 'add', 'default', 'via', '2001:db8:1::1')
    await lab.ip('server', 'route', 'add', 'default', 'via', '198.51.100.1')
    await lab.ip('server', '-6', 'route', 'add', 'default', 'via', '2001:db8:2::1')
    await lab.sysctl('router', 'net.ipv4.ip_forward', '1')
    await lab.sysctl('router', 'net.ipv6.conf.all.forwarding', '1')
    const [client, server] = await Promise.all([lab.enter('client', cases), lab.enter('server', cases)])
    const room: FastOpenLab = {
      lab,
      client,
      server,
      synsWithData: () => packetsCounted(lab),
      filter: (rules) => setRules(lab, rules),
      reset: async () => {
        await Promise.all([client.call('reset'), server.call('reset')])
        await setRules(lab, '')
        await setSysctls(lab)
        await lab.ip('client', 'tcp_metrics', 'flush')
      },
    }
    await room.reset()
    return room
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** A SYN without data is at most 60 bytes, 80 over IPv6; tests send more than that. */
export const synWithData = 'tcp flags & (syn | ack) == syn meta length > 120'

async function setRules(lab: Lab, rules: string): Promise<void> {
  await lab.nft(
    'router',
    `table inet path {}
     delete table inet path
     table inet path {
       counter syn_with_data {}
       chain count {
         type filter hook prerouting priority 0
         iifname c0 ${synWithData} counter name syn_with_data
       }
       chain forward {
         type filter hook forward priority 0
         ${rules}
       }
     }`,
  )
}

async function packetsCounted(lab: Lab): Promise<number> {
  const { stdout } = await lab.exec('router', 'nft', ['-j', 'list', 'counters', 'table', 'inet', 'path'])
  const { nftables } = JSON.parse(stdout) as { nftables: { counter?: { packets: number } }[] }
  return nftables.find((item) => item.counter !== undefined)?.counter?.packets ?? Number.NaN
}

async function setSysctls(lab: Lab): Promise<void> {
  await lab.sysctl('client', 'net.ipv4.ip_local_port_range', '9000 9999')
  await lab.sysctl('client', 'net.ipv4.tcp_fastopen', '1')
  await lab.sysctl('server', 'net.ipv4.tcp_fastopen', '3')
}

/** The same test for both families. */
export const families = [
  { family: 'IPv4', local: '192.0.2.2', host: '198.51.100.2', far: '203.0.113.7' },
  { family: 'IPv6', local: '2001:db8:1::2', host: '2001:db8:2::2', far: '2001:db8:f::7' },
] as const
