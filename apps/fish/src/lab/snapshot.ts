/** Runs a command on the host in question and returns what it printed. */
export type RunOnHost = (command: string, ...args: string[]) => Promise<string>

const COMMANDS: readonly [command: string, ...args: string[]][] = [
  ['ip', 'rule'],
  ['ip', 'route', 'show', 'table', 'all'],
  ['ip', 'addr'],
  ['nft', 'list', 'ruleset'],
  ['sysctl', '-a', '--pattern', '^net\\.ipv4\\.'],
]

/** Everything that fish may change on a host, as text; what counts by itself (lifetimes) is cut out. */
export async function snapshotHost(run: RunOnHost): Promise<string> {
  const parts: string[] = []
  for (const command of COMMANDS) parts.push(await run(...command))
  return parts.join('\n').replace(/(valid_lft|preferred_lft) \S+/g, '$1 -')
}

/** Lines that are in only one of two snapshots, for people to read. */
export function difference(before: string, after: string): string[] {
  const old = new Set(before.split('\n'))
  const now = new Set(after.split('\n'))
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ]
}
