import type { Lab } from '@slatfatf/netns'

const REORDERING = ['TCPSACKReorder', 'TCPRenoReorder', 'TCPTSReorder']

/**
 * How often TCP in namespace `a` saw segments overtaken by later ones, all connections so far. Not TCPOFOQueue, which also counts what
 * follows a segment that the kernel itself dropped, as it does when a reader is too slow.
 */
export async function segmentsOvertaken(lab: Lab): Promise<number> {
  const { stdout } = await lab.exec('a', 'cat', ['/proc/net/netstat'])
  const [names, values] = stdout.split('\n').filter((line) => line.startsWith('TcpExt:'))
  const valueNamed = (name: string) => Number(values!.split(' ')[names!.split(' ').indexOf(name)])
  return REORDERING.reduce((sum, name) => sum + valueNamed(name), 0)
}
