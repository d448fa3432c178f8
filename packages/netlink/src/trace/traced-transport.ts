import { debuglog } from 'node:util'
import type { NetlinkTransport } from '../binding.js'
import { align4, EAGAIN } from '../constants.js'
import { describeDatagram } from './describe-message.js'

const NUMBERS_PER_OUTCOME = 3

const log = debuglog('slatfatf-netlink')

/**
 * With `NODE_DEBUG=slatfatf-netlink` in the environment, a transport that prints what passes through it to standard
 * error; without, the transport itself, at no cost.
 */
export function traced(transport: NetlinkTransport, protocol: number): NetlinkTransport {
  return log.enabled ? tracedTransport(transport, protocol, (line) => log('%s', line)) : transport
}

export function tracedTransport(
  transport: NetlinkTransport,
  protocol: number,
  print: (line: string) => void,
): NetlinkTransport {
  const port = transport.portId()
  return {
    portId: () => port,
    setOption: (level, name, value) => transport.setOption(level, name, value),
    getOption: (level, name) => transport.getOption(level, name),
    send(bytes) {
      print(`port ${port} sends ${describeDatagram(bytes, protocol)}`)
      const sent = transport.send(bytes)
      if (sent < 0) print(`port ${port} could not send: errno ${-sent}`)
      return sent
    },
    receive(buffer, outcomes, roomBytes) {
      const count = transport.receive(buffer, outcomes, roomBytes)
      let at = 0
      for (let i = 0; i < NUMBERS_PER_OUTCOME * count; i += NUMBERS_PER_OUTCOME) {
        const stored = outcomes[i]!
        if (stored < 0) print(`port ${port} receives errno ${-stored}`)
        else {
          const datagram = buffer.subarray(at, at + stored)
          const cut = outcomes[i + 1]! > stored ? ` (cut, had ${outcomes[i + 1]} bytes)` : ''
          print(`port ${port} receives${cut} ${describeDatagram(datagram, protocol)}`)
          at += align4(stored)
        }
      }
      if (count < 0 && count !== EAGAIN) print(`port ${port} receives errno ${-count}`)
      return count
    },
    startPolling: (callback) => transport.startPolling(callback),
    stopPolling: () => transport.stopPolling(),
    ref: () => transport.ref(),
    unref: () => transport.unref(),
    close() {
      print(`port ${port} closes`)
      transport.close()
    },
  }
}
