import { tcpBulk } from '../harness/loads/tcp-bulk.mjs'
import { udpFlow } from '../harness/loads/udp-flow.mjs'
import { LAB } from './lab.mjs'

const { left, right } = LAB

/** @param {number} payloadBytes */
const udp = (payloadBytes) =>
  udpFlow({
    name: `udp${payloadBytes}`,
    title: `UDP ${payloadBytes} bytes (left → right)`,
    payloadBytes,
    sender: left.host,
    receiver: right.host,
    address: right.address,
    receiverInterface: right.device,
    expects: { address: left.address, first: 1, last: 65535 },
    // Not at the interface: where a forwarder merges datagrams, it counts fewer.
    count: 'datagrams',
  })

/** In the order in which each round has them. */
export const LOADS = [
  tcpBulk({
    name: 'tcp',
    title: 'TCP bulk (left → right)',
    client: left.host,
    server: right.host,
    address: right.address,
    expects: (address) => address === left.address,
  }),
  udp(64),
  udp(1400),
]
