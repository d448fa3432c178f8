import { output, startProgram } from './commands.mjs'

/**
 * Makes the network namespaces of a lab, with loopback up and nothing else, instead of those of the same names that are
 * there: so no variant meets rules, conntrack entries or sockets of the one before. The names are those of a private /run.
 *
 * @param {readonly string[]} hosts
 */
export async function renewNamespaces(hosts) {
  await removeNamespaces(hosts)
  for (const host of hosts) {
    await output(['ip', 'netns', 'add', host])
    await output(['ip', '-n', host, 'link', 'set', 'lo', 'up'])
  }
}

/**
 * Removes what is there of them.
 *
 * @param {readonly string[]} hosts
 */
export async function removeNamespaces(hosts) {
  const there = (await output(['ip', 'netns', 'list'])).split('\n').map((line) => line.split(' ')[0])
  for (const host of hosts) if (there.includes(host)) await output(['ip', 'netns', 'delete', host])
}

/**
 * The command that runs another one on a host of the lab, and on one core if that is given.
 *
 * @param {string} host
 * @param {readonly string[]} command
 * @param {number} [core]
 */
export function inside(host, command, core) {
  const pinned = core === undefined ? command : ['taskset', '--cpu-list', String(core), ...command]
  return ['ip', 'netns', 'exec', host, ...pinned]
}

/**
 * Runs `ip` with each of the commands, in order.
 *
 * @param {readonly (readonly [string, string])[]} commands Host and arguments, in one string.
 */
export async function configure(commands) {
  for (const [host, command] of commands) await output(['ip', '-n', host, ...command.split(' ')])
}

/**
 * A cable: two veth devices.
 *
 * @param {string} a
 * @param {string} aDevice
 * @param {string} b
 * @param {string} bDevice
 */
export async function connect(a, aDevice, b, bDevice) {
  const peer = ['type', 'veth', 'peer', 'name', bDevice, 'netns', b]
  await output(['ip', 'link', 'add', aDevice, 'netns', a, ...peer])
}

/**
 * A process that does nothing but be on a host, so that its files in /proc tell about that host.
 *
 * @param {string} host
 */
export function startWitness(host) {
  return startProgram(inside(host, ['sh', '-c', 'echo ready; exec sleep infinity']), { ready: 'ready\n' })
}
