import { createLab, type EnterOptions, type Lab, type NetnsChild } from '@slatfatf/netns'

const cases = new URL('./cases/sockets.mjs', import.meta.url)

/**
 *     host                                                    origin
 *     d0  192.0.2.1/24, 192.0.2.2/24, 2001:db8::1/64 ──────── d0  192.0.2.9/24, 2001:db8::9/64
 *
 * Everything unknown is routed to the origin. In the host the kernel picks ports from 9000-9999, and every group may
 * open ping sockets. `host` and `rival` are two processes of the host.
 */
export interface ReservationLab {
  lab: Lab
  host: NetnsChild
  rival: NetnsChild
  origin: NetnsChild
  /** Closes every socket of the tests and restores the sysctls. */
  reset(): Promise<void>
}

export async function createReservationLab(): Promise<ReservationLab> {
  const lab = await createLab({
    namespaces: ['host', 'origin'],
    links: [
      {
        a: 'host:d0 192.0.2.1/24 192.0.2.2/24 2001:db8::1/64',
        b: 'origin:d0 192.0.2.9/24 2001:db8::9/64',
      },
    ],
  })
  try {
    await lab.ip('host', 'route', 'add', 'default', 'via', '192.0.2.9')
    await lab.ip('host', '-6', 'route', 'add', 'default', 'via', '2001:db8::9')
    await setSysctls(lab)
    const [host, rival, origin] = await Promise.all([
      lab.enter('host', cases),
      lab.enter('host', cases),
      lab.enter('origin', cases),
    ])
    const reset = async () => {
      await Promise.all([host.call('reset'), rival.call('reset'), origin.call('reset')])
      await setSysctls(lab)
    }
    return { lab, host, rival, origin, reset }
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** One more process of the host, for tests that ruin theirs. */
export function enterHost({ lab }: ReservationLab): Promise<NetnsChild> {
  return lab.enter('host', cases)
}

/** One more process of the host, whose cases watch reservations too. */
export function enterWatching({ lab }: ReservationLab, options?: EnterOptions): Promise<NetnsChild> {
  return lab.enter('host', new URL('./cases/watching.mjs', import.meta.url), options)
}

async function setSysctls(lab: Lab): Promise<void> {
  await lab.sysctl('host', 'net.ipv4.ip_local_port_range', '9000 9999')
  await lab.sysctl('host', 'net.ipv4.ip_local_reserved_ports', '\n')
  await lab.sysctl('host', 'net.ipv4.ping_group_range', '0 0')
  await lab.sysctl('host', 'net.ipv4.tcp_fastopen', '1')
}

/** The same test for both families; the origin's address is on the link, `far` and `farther` are behind it. */
export const families = [
  {
    family: 'IPv4',
    address: '192.0.2.1',
    second: '192.0.2.2',
    wildcard: '0.0.0.0',
    missing: '203.0.113.1',
    origin: '192.0.2.9',
    far: '198.51.100.7',
    farther: '198.51.100.8',
  },
  {
    family: 'IPv6',
    address: '2001:db8::1',
    second: '::1',
    wildcard: '::',
    missing: '2001:db8:f::1',
    origin: '2001:db8::9',
    far: '2001:db8:7::7',
    farther: '2001:db8:7::8',
  },
] as const
