import { getSystemErrorMap } from 'node:util'
import { formatIpAddress, isNetlinkError, type NetlinkError } from '@slatfatf/netlink'
import type { FlowKey } from '../flow/flow-key.js'
import type { AddressForm, Tuple } from '../flow/tuple.js'
import { ConntrackError } from './conntrack-error.js'
import { type Attempt, hintFor } from './hint.js'

/** What netlink threw, told in the words of connection tracking; anything else as it is. */
export function refusal(error: unknown, attempt: Attempt): unknown {
  return isNetlinkError(error) ? conntrackError(error, attempt) : error
}

export function conntrackError(error: NetlinkError, attempt: Attempt): ConntrackError {
  const { code, errno, kernelMessage, attributePath } = error
  const isKernels = errno !== undefined && error.syscall === undefined
  const hint = isKernels ? hintFor(code, attempt) : error.hint
  const subject = 'flow' in attempt ? ` ${describeFlow(attempt.flow)}` : ''
  const text = isKernels
    ? `${getSystemErrorMap().get(errno)?.[1] ?? `errno ${-errno}`} [${code}]`
    : withoutOperation(error)
  const words =
    kernelMessage === undefined ? '' : `${kernelMessage}${attributePath ? ` at ${attributePath}` : ''}: `
  const advice = hint === undefined || !isKernels ? '' : `. ${hint}`
  return new ConntrackError(`${attempt.operation}${subject}: ${words}${text}${advice}`, {
    code,
    errno,
    operation: attempt.operation,
    hint,
    kernelMessage,
    attributePath,
    flow: 'flow' in attempt ? keyOf(attempt.flow) : undefined,
    collision: attempt.operation === 'create' ? attempt.collision : undefined,
    cause: error,
  })
}

/** Its message begins with the operation, which is told here already. */
function withoutOperation({ message, operation }: NetlinkError): string {
  const start = `${operation}: `
  return message.startsWith(start) ? message.slice(start.length) : message
}

/** `tcp 192.0.2.1:4000 → 198.51.100.1:80 zone 5`; replies are marked as such. */
export function describeFlow({ original, reply, zone }: FlowKey): string {
  const tuple = original ?? reply
  if (!tuple) return 'without a tuple'
  const side = original ? '' : ' (reply)'
  return `${describeTuple(tuple)}${side}${zone ? ` zone ${zone}` : ''}`
}

function describeTuple({
  protocol,
  source,
  destination,
  sourcePort,
  destinationPort,
}: Tuple<AddressForm>): string {
  return `${protocol} ${describeEnd(source, sourcePort)} → ${describeEnd(destination, destinationPort)}`
}

function describeEnd(address: AddressForm, port: number | undefined): string {
  const text = typeof address === 'string' ? address : formatIpAddress(address)
  if (port === undefined) return text
  return text.includes(':') ? `[${text}]:${port}` : `${text}:${port}`
}

function keyOf({ original, reply, zone, id }: FlowKey): FlowKey {
  return {
    ...(original !== undefined && { original }),
    ...(reply !== undefined && { reply }),
    ...(zone !== undefined && { zone }),
    ...(id !== undefined && { id }),
  }
}
