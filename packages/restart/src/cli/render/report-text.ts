import { isCount, isObject } from '../../coordination/json-object.js'
import { durationText } from './duration-text.js'
import { plainText } from './plain-text.js'

/** How an instance ended, for people. It may be of another version: what is not as expected is left out. */
export function reportText({ clean, durationMs, cut, left }: Record<string, unknown>): string {
  const took = isCount(durationMs) ? ` after ${durationText(durationMs)}` : ''
  const lines = [`the instance ends${took}${clean === true ? ', all its work is done' : ''}`]
  for (const each of Array.isArray(cut) ? cut.filter(isObject) : []) {
    lines.push(`cut off    ${plainText(`${each.count} ${each.kind} of ${each.name}`)}`)
  }
  if (Array.isArray(left) && left.length > 0) lines.push(`unfinished ${left.map(nameOf).join(', ')}`)
  return lines.join('\n')
}

function nameOf(value: unknown): string {
  const name = isObject(value) && value.name !== undefined ? value.name : value
  return plainText(typeof name === 'string' ? name : JSON.stringify(name))
}
