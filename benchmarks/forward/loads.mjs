import { tcpBulk } from '../harness/loads/tcp-bulk.mjs'
import { udpFlow } from '../harness/loads/udp-flow.mjs'
import { LAB } from './lab.mjs'

const { slice, internet, internetInterface } = LAB
const PAYLOAD_BYTES = 64

/** Without the slice's address a path that does not translate would pass. */
const tcp = {
  client: 'client',
  server: 'internet',
  address: internet,
  expects: (/** @type {string} */ address, /** @type {number} */ port) =>
    address === slice.address && port >= slice.first && port <= slice.last,
}
const udp = {
  payloadBytes: PAYLOAD_BYTES,
  sender: 'client',
  receiver: 'internet',
  address: internet,
  receiverInterface: internetInterface,
  expects: slice,
}

export const tcpOut = tcpBulk({ ...tcp, name: 'tcp', title: 'TCP bulk out (client → internet)' })
const tcpBack = tcpBulk({
  ...tcp,
  name: 'tcp_back',
  title: 'TCP bulk back (internet → client)',
  reverse: true,
})
export const udpSinkIdle = udpFlow({
  ...udp,
  name: 'udp64',
  title: `UDP ${PAYLOAD_BYTES} bytes out, sink idle`,
  count: 'arrived',
})
const udpSinkReads = udpFlow({
  ...udp,
  name: 'udp64_sink_reads',
  title: `UDP ${PAYLOAD_BYTES} bytes out, sink reading`,
  count: 'read',
})

/** In the order in which each round has them. */
export const LOADS = [tcpOut, tcpBack, udpSinkIdle, udpSinkReads]
