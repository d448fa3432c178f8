import { output } from '../../harness/commands.mjs'
import { inside } from '../../harness/namespaces.mjs'
import { SENDER_CORE } from '../../harness/placement.mjs'
import { sideOnStage } from '../../harness/stage.mjs'
import { DELAY_MS, PATH } from './path.mjs'

/**
 * How soon a request that nobody has a connection for is answered.
 *
 * @type {import('../../harness/loads/load.mjs').Load}
 */
export const firstByte = {
  name: 'first_byte',
  title: 'first byte of the answer, over a new connection',
  conditions: `64 bytes to an echo server, ${DELAY_MS} ms each way, one request after another`,
  unit: 'requests/s',
  scale: 1,
  digits: 1,
  async run({ seconds }) {
    const words = [PATH.address, PATH.port, seconds * 1000].map(String)
    const command = inside(PATH.client, sideOnStage()(words), SENDER_CORE)
    const result = JSON.parse(await output(command, { timeoutMs: seconds * 1000 + 15_000 }))
    const dataInSyn = await countDataInSyn()
    return { rate: 1000 / result.firstByteMs, details: { ...result, dataInSyn } }
  },
}

/** Connections of the client whose data went with the SYN and was acknowledged with the SYN-ACK. */
async function countDataInSyn() {
  const table = await output(inside(PATH.client, ['cat', '/proc/net/netstat']))
  const [names = [], values = []] = table
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '))
  return Number(values[names.indexOf('TCPFastOpenActive')])
}
