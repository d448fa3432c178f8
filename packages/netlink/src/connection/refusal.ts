import type { Acknowledgement } from '../codec/acknowledgement.js'
import { type AttributeTable, attributePath } from '../codec/attribute-path.js'
import type { KernelRefusal } from '../errors/netlink-error.js'

/** The kernel's words about a request, with the place in it named. */
export function refusalOf(
  { kernelMessage, attributeOffset, missingAttribute, missingNestOffset }: Acknowledgement,
  payload: Uint8Array,
  names: AttributeTable | undefined,
): KernelRefusal {
  const place = { attributeOffset, missingAttribute, missingNestOffset }
  return {
    kernelMessage,
    attributeOffset,
    missingAttribute,
    attributePath: names && attributePath(payload, place, names),
  }
}
