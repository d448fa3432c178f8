import { open, readFile } from 'node:fs/promises'
import type { Config } from '../../config/config.js'
import { isHostError } from '../host-error.js'
import type { HostProblem } from '../host-problem.js'
import { runNft } from '../nft.js'
import { renderRuleset } from '../nft-ruleset.js'

const tunFile = '/dev/net/tun'
/** Its bit in the masks of capabilities(7). */
const CAP_NET_ADMIN = 12n

/** CAP_NET_ADMIN, /dev/net/tun, and an nft whose kernel takes our ruleset. */
export async function checkPrivileges(config: Config): Promise<HostProblem[]> {
  const problems: HostProblem[] = []
  const admin = await hasNetAdmin()
  if (!admin) {
    problems.push({
      code: 'NO_NET_ADMIN',
      message: 'this process may not change the network (CAP_NET_ADMIN)',
      hint: 'run it as root, or as a service with AmbientCapabilities=CAP_NET_ADMIN',
      severity: 'error',
    })
  }
  problems.push(...(await checkTunFile()), ...(await checkNft(config, admin)))
  return problems
}

async function hasNetAdmin(): Promise<boolean> {
  const status = await readFile('/proc/self/status', 'utf8')
  const mask = BigInt(`0x${/^CapEff:\s*([\da-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  return (mask & (1n << CAP_NET_ADMIN)) !== 0n
}

/** Opening it makes no device yet, and says more than its mode does: the driver may be missing, a container may forbid it. */
async function checkTunFile(): Promise<HostProblem[]> {
  try {
    await (await open(tunFile, 'r+')).close()
    return []
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const missing = code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO'
    if (missing) {
      const hint = `modprobe tun; mkdir -p /dev/net; mknod ${tunFile} c 10 200`
      return [{ code: 'TUN_MISSING', message: `${tunFile} is missing (${code})`, hint, severity: 'error' }]
    }
    const hint = `chmod 666 ${tunFile}; in a container, let it have the device`
    return [
      { code: 'TUN_FORBIDDEN', message: `${tunFile} cannot be opened (${code})`, hint, severity: 'error' },
    ]
  }
}

async function checkNft(config: Config, admin: boolean): Promise<HostProblem[]> {
  try {
    // With -c the kernel checks the rules and takes none. Our device may not be there yet; lo always is.
    await (admin ? runNft(['-c', '-f', '-'], renderRuleset(config, 'lo')) : runNft(['--version']))
    return []
  } catch (error) {
    if (!isHostError(error)) throw error
    const code = error.code === 'ERR_NFT_MISSING' ? 'NFT_MISSING' : 'NFT_REFUSED'
    return [{ code, message: error.message, hint: error.hint, severity: 'error' }]
  }
}
