import type { RouteSocket } from '@slatfatf/netlink'
import type { Config } from '../../config/config.js'
import type { HostProblem } from '../host-problem.js'

/** The name of our device is free, and what it carries fits through the uplink. */
export async function checkDevice({ device }: Config, route: RouteSocket): Promise<HostProblem[]> {
  const problems: HostProblem[] = []
  const links = await route.links()
  const existing = links.find(({ name }) => name === device.name)
  if (existing && existing.kind !== 'tun') {
    problems.push({
      code: 'DEVICE_TAKEN',
      message: `${device.name} is an interface that is no TUN device`,
      hint: 'give device.name another name',
      severity: 'error',
    })
  }
  const defaults = (await route.routes({ table: 254, family: 4 })).filter(
    ({ destination }) => destination === 'default',
  )
  const uplinks = defaults.flatMap(({ interface: name, nextHops }) => [
    name,
    ...(nextHops ?? []).map((hop) => hop.interface),
  ])
  for (const { name, mtu } of links.filter((link) => uplinks.includes(link.name))) {
    if (device.mtu <= mtu) continue
    problems.push({
      code: 'DEVICE_MTU',
      message: `device.mtu is ${device.mtu}, more than the ${mtu} of ${name}, where the default route leads`,
      hint: `set device.mtu to ${mtu}, so that clients learn it at once`,
      severity: 'warning',
    })
  }
  return problems
}
