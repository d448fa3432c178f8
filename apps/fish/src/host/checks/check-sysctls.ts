import { type HostFacts, interfaceKey } from '../host-facts.js'
import type { HostProblem } from '../host-problem.js'
import { readSysctl, sysctlCommand } from '../sysctl-file.js'

/** Settings of others that stand in the way, or that fish will move for as long as it runs. */
export async function checkSysctls({ interfaces, sysctls }: HostFacts): Promise<HostProblem[]> {
  const filter = (name: string) => Number(sysctls.get(interfaceKey(name, 'rp_filter')) ?? 0)
  const problems: HostProblem[] = []
  const all = filter('all')
  if (all !== 0) {
    problems.push({
      code: 'RP_FILTER',
      message: `${interfaceKey('all', 'rp_filter')} is ${all}: while fish runs it is 0, and each other interface has ${all} itself`,
      hint: '',
      severity: 'warning',
    })
  }
  const strict = interfaces.filter((name) => name !== 'lo' && Math.max(all, filter(name)) === 1)
  const everywhere = (await readSysctl(interfaceKey('all', 'src_valid_mark'))) === '1'
  for (const name of strict) {
    const key = interfaceKey(everywhere ? 'all' : name, 'src_valid_mark')
    if (!everywhere && (await readSysctl(key)) !== '1') continue
    problems.push({
      code: 'SRC_VALID_MARK',
      message: `${name} drops return packets: with ${key} its strict rp_filter asks for a marked route, which leads to fish`,
      hint: `${sysctlCommand(key, '0')}, or ${sysctlCommand(interfaceKey(name, 'rp_filter'), '2')}`,
      severity: 'error',
    })
  }
  return problems
}
