import type { NetlinkMessage } from '../../codec/message.js'
import type { NetlinkConnection } from '../../connection/connection.js'
import type { Link } from '../link/link.js'
import { decodeLinkEvent } from '../link/link-event.js'
import { type InterfaceNames, listLinks } from '../link/links.js'

/**
 * The names of the interfaces, for watches of what names them by index only; they join RTNLGRP_LINK as well.
 *
 * In the socket's queue an interface comes before what belongs to it, so a name is known when it is needed, except while
 * the first reading is under way.
 */
export class InterfaceTracker {
  readonly names = new Map<number, string>()
  readonly #up = new Set<number>()
  #isReading = false

  async read(connection: NetlinkConnection): Promise<InterfaceNames> {
    this.#isReading = true
    const links = await listLinks(connection)
    this.#isReading = false
    this.names.clear()
    this.#up.clear()
    for (const link of links) this.#set(link)
    return this.names
  }

  /** What a message says of an interface; undefined if nothing that matters to others. */
  hear(message: NetlinkMessage): 'changed' | 'down' | undefined {
    const event = decodeLinkEvent(message)
    if (event === undefined) return undefined
    const { link, isGone } = event
    const before = this.names.get(link.index)
    const wasUp = this.#up.has(link.index)
    if (isGone) {
      this.names.delete(link.index)
      this.#up.delete(link.index)
    } else this.#set(link)
    // What the reading says of it may be older, and would undo it.
    const isUnsettled = this.#isReading && (isGone || before !== link.name || wasUp !== link.up)
    if (isUnsettled || (!isGone && before !== undefined && before !== link.name)) return 'changed'
    return wasUp && (isGone || !link.up) ? 'down' : undefined
  }

  #set({ index, name, up }: Link): void {
    this.names.set(index, name)
    if (up) this.#up.add(index)
    else this.#up.delete(index)
  }
}
