import { readFile } from 'node:fs/promises'
import { runCommand } from './command.js'
import { createLab, type Lab } from './lab.js'
import { isNetnsError, NetnsError } from './netns-error.js'

/** In the order in which they are tried; each of them needs the first two. */
const capabilityNames = ['ip', 'namespaces', 'nft', 'conntrack', 'tun'] as const

export type CapabilityName = (typeof capabilityNames)[number]

export interface Capability {
  readonly name: CapabilityName
  readonly available: boolean
  /** What the system said when it was tried; empty if it is available. */
  readonly reason: string
  /** What to do about it. */
  readonly fix: string
}

const fixes: Record<CapabilityName, string> = {
  ip: 'install iproute2',
  namespaces:
    'run as root, or as `unshare --user --map-root-user --net --mount sh -c "mount -t tmpfs tmpfs /run && exec npm test"`',
  nft: 'install nftables, on a kernel with CONFIG_NF_TABLES',
  conntrack: 'use a kernel with CONFIG_NF_CONNTRACK and CONFIG_NFT_CT (`modprobe nf_conntrack nft_ct`)',
  tun: 'provide /dev/net/tun (`modprobe tun`; `mknod /dev/net/tun c 10 200`) and open it to users (`chmod 666 /dev/net/tun`)',
}

/**
 * Says of each capability whether this process has it, by using it in a namespace made for the purpose.
 *
 * Without names it tries all: `ip`, `namespaces`, `nft`, `conntrack` and `tun`. Never rejects for a missing one.
 */
export async function probe(...names: CapabilityName[]): Promise<Capability[]> {
  const wanted = names.length > 0 ? names : capabilityNames
  const lack = await reasonOf(() => runCommand('ip', ['-Version']))
  if (lack) return wanted.map((name) => capability(name, lack))
  let lab: Lab
  try {
    lab = await createLab({ namespaces: ['probe'] })
  } catch (error) {
    const reason = `${reasonIn(error)}${await restriction()}`
    return wanted.map((name) => capability(name, name === 'ip' ? '' : reason))
  }
  try {
    return await Promise.all(
      wanted.map(async (name) => capability(name, await reasonOf(() => attempt(name, lab)))),
    )
  } finally {
    await lab.close()
  }
}

/**
 * Resolves if all named capabilities (default: all) are there.
 *
 * Rejects with `ERR_MISSING_CAPABILITY`, which lists each missing one with its fix.
 */
export async function requireCapabilities(...names: CapabilityName[]): Promise<void> {
  const missing = (await probe(...names)).filter(({ available }) => !available)
  if (missing.length === 0) return
  const list = missing.map(
    ({ name, reason, fix }) => `- ${name}: ${fix}\n  ${reason.replaceAll('\n', '\n  ')}`,
  )
  const hint = missing.map(({ fix }) => fix).join('; ')
  throw new NetnsError('ERR_MISSING_CAPABILITY', `this machine lacks:\n${list.join('\n')}`, { hint })
}

async function attempt(name: CapabilityName, lab: Lab): Promise<void> {
  if (name === 'nft') await lab.nft('probe', 'table inet probe { }')
  if (name === 'conntrack') {
    await lab.nft(
      'probe',
      'table inet probe_conntrack { chain c { ct state established ct mark 1 accept; }; }',
    )
  }
  if (name === 'tun') await lab.ip('probe', 'tuntap', 'add', 'dev', 'probe0', 'mode', 'tun')
}

function capability(name: CapabilityName, reason: string): Capability {
  return { name, available: reason === '', reason, fix: fixes[name] }
}

async function reasonOf(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt()
    return ''
  } catch (error) {
    return reasonIn(error)
  }
}

function reasonIn(error: unknown): string {
  if (isNetnsError(error) && error.stderr.trim()) return error.stderr.trim()
  return error instanceof Error ? error.message : String(error)
}

/** Ubuntu 24.04 lets AppArmor take the capabilities away inside user namespaces. */
async function restriction(): Promise<string> {
  const setting = 'kernel/apparmor_restrict_unprivileged_userns'
  const value = await readFile(`/proc/sys/${setting}`, 'utf8').catch(() => '0')
  return value.trim() === '1' ? `\nAppArmor restricts user namespaces here (/proc/sys/${setting} is 1)` : ''
}
