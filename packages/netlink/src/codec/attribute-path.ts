import { align4, NLA_F_NESTED, NLA_HDRLEN, NLA_TYPE_MASK, NLMSG_HDRLEN } from '../constants.js'

/** Names of attributes by type; those with attributes inside have a pair. */
export interface AttributeNames {
  readonly [type: number]: string | readonly [name: string, inside: AttributeNames]
}

/** What a request consists of, so that errors can name the attribute that was refused. */
export interface AttributeTable {
  /** Length of the family's own header: 4 for netfilter and generic netlink. */
  readonly headerBytes: number
  readonly attributes: AttributeNames
}

/** What the kernel's extended acknowledgement says about the place. Offsets count from the message's header. */
export interface RefusedAttribute {
  attributeOffset?: number | undefined
  missingAttribute?: number | undefined
  /** Where the nest begins in which `missingAttribute` is missing; absent for the outermost level. */
  missingNestOffset?: number | undefined
}

const SEPARATOR = ' > '

/**
 * `CTA_TUPLE_ORIG > CTA_TUPLE_IP > CTA_IP_V4_SRC`: the way to the attribute that was refused or is missing; a number
 * stands for a type that has no name. Undefined when the payload has no attribute there.
 */
export function attributePath(
  payload: Uint8Array,
  { attributeOffset, missingAttribute, missingNestOffset }: RefusedAttribute,
  { headerBytes, attributes }: AttributeTable,
): string | undefined {
  const path: string[] = []
  let names: AttributeNames | undefined = attributes
  const target = attributeOffset ?? missingNestOffset
  if (target !== undefined) {
    names = descend(payload, align4(headerBytes), target - NLMSG_HDRLEN, attributes, path)
    if (path.length === 0) return undefined
  }
  if (attributeOffset === undefined && missingAttribute !== undefined) {
    path.push(nameOf(names, missingAttribute))
  }
  return path.length === 0 ? undefined : path.join(SEPARATOR)
}

/** Follows the attribute around `target` inwards; returns the names inside the one that begins there. */
function descend(
  payload: Uint8Array,
  start: number,
  target: number,
  attributes: AttributeNames,
  path: string[],
): AttributeNames | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  let names: AttributeNames | undefined = attributes
  let end = payload.byteLength
  for (let at = start; at <= target && at + NLA_HDRLEN <= end; ) {
    const length = view.getUint16(at, true)
    if (length < NLA_HDRLEN || at + length > end) break
    if (target >= at + align4(length)) {
      at += align4(length)
      continue
    }
    const flaggedType = view.getUint16(at + 2, true)
    const type = flaggedType & NLA_TYPE_MASK
    path.push(nameOf(names, type))
    const known: AttributeNames[number] | undefined = names?.[type]
    const inside: AttributeNames | undefined = Array.isArray(known) ? known[1] : undefined
    if (at === target || (inside === undefined && (flaggedType & NLA_F_NESTED) === 0)) return inside
    names = inside
    end = at + length
    at += NLA_HDRLEN
  }
  return names
}

function nameOf(names: AttributeNames | undefined, type: number): string {
  const known = names?.[type]
  return known === undefined ? String(type) : typeof known === 'string' ? known : known[0]
}
