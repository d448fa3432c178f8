import type { Lab } from '@slatfatf/netns'

/** Segments that TCP in namespace `a` received before their turn, of all connections so far: each one lost or overtaken makes some. */
export async function segmentsOutOfOrder(lab: Lab): Promise<number> {
  const { stdout } = await lab.exec('a', 'cat', ['/proc/net/netstat'])
  const [names, values] = stdout.split('\n').filter((line) => line.startsWith('TcpExt:'))
  return Number(values!.split(' ')[names!.split(' ').indexOf('TCPOFOQueue')])
}
