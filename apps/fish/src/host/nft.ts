import { execFile } from 'node:child_process'
import { HostError } from './host-error.js'

/**
 * Runs `nft` in this network namespace and resolves with what it printed; rulesets go to its standard input, one transaction a run.
 *
 * About 3 ms a run. Requires CAP_NET_ADMIN, also for listing. See nft(8).
 *
 * @throws {HostError} `ERR_NFT_MISSING` or `ERR_NFT_FAILED`
 */
export function runNft(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('nft', args, { maxBuffer: Number.POSITIVE_INFINITY }, (cause, stdout, stderr) => {
      if (!cause) return resolve(stdout)
      if (cause.code === 'ENOENT') {
        const hint = 'apt-get install nftables'
        return reject(new HostError('ERR_NFT_MISSING', 'the command nft is not installed', { hint, cause }))
      }
      const said = stderr.trim() || cause.message
      const hint =
        'fish needs CAP_NET_ADMIN and a kernel with nf_tables, nft_socket, nft_fib_ipv4, nft_dup_ipv4 and nft_tproxy'
      reject(new HostError('ERR_NFT_FAILED', `nft ${args.join(' ')} failed: ${said}`, { hint, cause }))
    })
    // nft may end without having read its input; its exit code is the news then, not EPIPE.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

/** The names of the tables of family `ip`. Equals `nft list tables ip`. */
export async function listNftTables(): Promise<string[]> {
  const { nftables } = JSON.parse(await runNft(['-j', 'list', 'tables', 'ip'])) as {
    nftables: { table?: { name: string } }[]
  }
  return nftables.flatMap(({ table }) => table?.name ?? [])
}

/** A table as text, without counters and without what its sets learn, so that equal texts mean equal tables. */
export async function listNftTable(name: string): Promise<string> {
  const rules = await runNft(['-s', '-t', 'list', 'table', 'ip', name])
  return rules + (await runNft(['-s', 'list', 'set', 'ip', name, 'slices']))
}
