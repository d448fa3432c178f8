import {
  BULK_EXISTS,
  BULK_OK,
  BULK_UNKNOWN,
  NLM_F_CREATE,
  NLM_F_EXCL,
  type PayloadWriter,
} from '@slatfatf/netlink'
import { FLOW_ATTRIBUTES } from '../codec/attribute-names.js'
import { IPCTNL_MSG_CT_NEW } from '../codec/constants.js'
import { writeNewFlow } from '../codec/encode-flow.js'
import { type ConntrackError, isConntrackError } from '../errors/conntrack-error.js'
import { checkBoolean, checkKnown, checkObject, checkSignal } from '../errors/invalid-argument.js'
import { conntrackError } from '../errors/refusal.js'
import type { NewFlow } from '../flow/new-flow.js'
import { plainReply } from '../nat/plain-reply.js'
import { Outcomes, sendAll, writeAll } from './bulk.js'
import { getFlow } from './get.js'
import { attempt, type CallOptions, payloadOf, request, type Session } from './session.js'
import { requireTracking } from './tracking.js'

export interface CreateOptions extends CallOptions {
  /**
   * Rejects with `ERR_CONNTRACK_NOT_TRACKING` where no packet would ever meet the entry: nothing in the namespace uses
   * connection tracking, or there is no nat chain for an entry with `nat`. Costs two small dumps. @default false
   */
  requireTracking?: boolean | undefined
}

export type CreateOutcome = 'created' | 'exists' | 'error' | 'unknown'

export interface CreateResult {
  /** In the order of the flows. */
  readonly outcomes: readonly CreateOutcome[]
  readonly created: number
  /** Refused with `EEXIST`: one of the two tuples is in the table. */
  readonly existing: number
  /** Refused otherwise. */
  readonly failed: number
  /** The answer was lost: read them back. */
  readonly unknown: number
  /** Why, for each that was not created; made at the first use. */
  readonly errors: ReadonlyMap<number, ConntrackError>
}

const known = new Set(['requireTracking', 'signal'])
const message = { type: IPCTNL_MSG_CT_NEW, flags: NLM_F_CREATE | NLM_F_EXCL, attributeNames: FLOW_ATTRIBUTES }

export async function createFlow(session: Session, flow: NewFlow, options: CreateOptions): Promise<void> {
  checkOptions(options)
  const payload = payloadOf((writer) => write(writer, flow))
  if (options.requireTracking) await requireTracking(session, [flow], options)
  try {
    await request(session, { operation: 'create', flow }, { ...message, payload }, options)
  } catch (error) {
    if (!isConntrackError(error) || error.code !== 'EEXIST') throw error
    throw await collisionError(session, flow, error)
  }
}

export async function createFlows(
  session: Session,
  flows: Iterable<NewFlow>,
  options: CreateOptions,
): Promise<CreateResult> {
  checkOptions(options)
  const { list, kept } = await writeAll('flows', flows, write, options)
  if (options.requireTracking) await requireTracking(session, kept, options)
  const result = await attempt({ operation: 'create many' }, () =>
    sendAll(session, list, { ...message, operation: 'create' }, options),
  )
  const outcomes = new Outcomes<CreateOutcome>(
    result,
    (outcome) =>
      outcome === BULK_OK
        ? 'created'
        : outcome === BULK_EXISTS
          ? 'exists'
          : outcome === BULK_UNKNOWN
            ? 'unknown'
            : 'error',
    (index) => {
      const error = result.errorAt(index)
      return error && conntrackError(error, { operation: 'create', flow: kept[index]! })
    },
  )
  return {
    get outcomes() {
      return outcomes.names()
    },
    created: result.ok,
    existing: result.exists,
    failed: result.error,
    unknown: result.unknown,
    get errors() {
      return outcomes.errors()
    },
  }
}

function write(writer: PayloadWriter, flow: NewFlow): void {
  checkObject('flow', flow)
  writeNewFlow(writer, flow, plainReply(flow))
}

function checkOptions(options: CreateOptions): void {
  checkKnown('options', options, known)
  checkBoolean('requireTracking', options.requireTracking)
  checkSignal(options.signal)
}

/**
 * Says which of the two tuples is taken: an update helps against one, and not against the other. The reply tuple that a
 * translation gives is not known.
 */
async function collisionError(
  session: Session,
  flow: NewFlow,
  error: ConntrackError,
): Promise<ConntrackError> {
  const { original, zone } = flow
  const isTaken = async (key: Parameters<typeof getFlow>[1]) => {
    try {
      return (await getFlow(session, { ...key, zone }, {})) !== undefined
    } catch {
      return false
    }
  }
  const collision = (await isTaken({ original }))
    ? 'original'
    : !flow.nat && (await isTaken({ reply: plainReply(flow) }))
      ? 'reply'
      : undefined
  return conntrackError(error.cause as Parameters<typeof conntrackError>[0], {
    operation: 'create',
    flow,
    collision,
  })
}
