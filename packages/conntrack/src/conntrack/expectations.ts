import { NLM_F_CREATE, NLM_F_EXCL } from '@slatfatf/netlink'
import { EXPECTATION_ATTRIBUTES } from '../codec/attribute-names.js'
import {
  CTA_EXPECT_HELP_NAME,
  IPCTNL_MSG_EXP_DELETE,
  IPCTNL_MSG_EXP_GET,
  IPCTNL_MSG_EXP_NEW,
} from '../codec/constants.js'
import { decodeExpectation } from '../codec/decode-expectation.js'
import {
  writeExpectationKey,
  writeExpectationMaster,
  writeNewExpectation,
} from '../codec/encode-expectation.js'
import { checkHelperName } from '../codec/encode-flow-extras.js'
import { familyHeader } from '../codec/header.js'
import { isConntrackError } from '../errors/conntrack-error.js'
import { checkKnown, checkSignal, invalidType } from '../errors/invalid-argument.js'
import type { Expectation, ExpectationKey, NewExpectation } from '../flow/expectation.js'
import type { FlowKey } from '../flow/flow-key.js'
import { attempt, type CallOptions, payloadOf, request, type Session } from './session.js'

export interface DumpExpectationsOptions extends CallOptions {
  /** Only what this flow expects: its original tuple, and its zone. @default all */
  master?: FlowKey | undefined
}

export interface FlushExpectationsOptions extends CallOptions {
  /** Only those of this helper. @default all */
  helper?: string | undefined
}

const knownDump = new Set(['master', 'signal'])
const knownFlush = new Set(['helper', 'signal'])
const what = { operation: 'expectations' } as const
const attributeNames = EXPECTATION_ATTRIBUTES

export async function dumpExpectations(
  session: Session,
  options: DumpExpectationsOptions,
): Promise<Expectation[]> {
  checkKnown('options', options, knownDump)
  checkSignal(options.signal)
  const { master, signal } = options
  if (master && !master.original) throw invalidType('master.original', 'a tuple', master.original)
  const payload = master
    ? payloadOf((writer) => writeExpectationMaster(writer, master.original!, master.zone))
    : familyHeader(undefined)
  const message = { type: IPCTNL_MSG_EXP_GET, payload, operation: 'dump expectations', attributeNames }
  return attempt(what, () =>
    session.connection.dump(message, (reply) => decodeExpectation(reply.payload), signal ? { signal } : {}),
  )
}

export async function getExpectation(
  session: Session,
  key: ExpectationKey,
  options: CallOptions,
): Promise<Expectation | undefined> {
  const payload = payloadOf((writer) => writeExpectationKey(writer, key))
  try {
    const message = { type: IPCTNL_MSG_EXP_GET, payload, attributeNames }
    const [expectation] = await request(session, what, message, options, (reply) =>
      decodeExpectation(reply.payload),
    )
    return expectation
  } catch (error) {
    if (isConntrackError(error) && error.code === 'ENOENT') return undefined
    throw error
  }
}

export async function createExpectation(
  session: Session,
  expectation: NewExpectation,
  options: CallOptions,
): Promise<void> {
  const payload = payloadOf((writer) => writeNewExpectation(writer, expectation))
  const message = { type: IPCTNL_MSG_EXP_NEW, flags: NLM_F_CREATE | NLM_F_EXCL, payload, attributeNames }
  await request(session, { operation: 'create expectation', expectation }, message, options)
}

export async function deleteExpectation(
  session: Session,
  key: ExpectationKey,
  options: CallOptions,
): Promise<boolean> {
  const payload = payloadOf((writer) => writeExpectationKey(writer, key))
  try {
    await request(session, what, { type: IPCTNL_MSG_EXP_DELETE, payload, attributeNames }, options)
    return true
  } catch (error) {
    if (isConntrackError(error) && error.code === 'ENOENT') return false
    throw error
  }
}

export async function flushExpectations(session: Session, options: FlushExpectationsOptions): Promise<void> {
  checkKnown('options', options, knownFlush)
  checkSignal(options.signal)
  const { helper } = options
  if (helper !== undefined) checkHelperName('helper', helper)
  const payload = payloadOf((writer) => {
    writer.raw(familyHeader(undefined))
    if (helper !== undefined) writer.text(CTA_EXPECT_HELP_NAME, helper)
  })
  await request(session, what, { type: IPCTNL_MSG_EXP_DELETE, payload, attributeNames }, options)
}
