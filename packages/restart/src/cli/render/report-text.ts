import { isCount, isObject } from '../../coordination/json-object.js'
import { durationText } from './duration-text.js'
import { plainText } from './plain-text.js'

/** How an instance ended, for people. It may be of another version: what is not as expected is left out. */
export function reportText({
  clean,
  durationMs,
  cut,
  left,
  pending,
  failures,
}: Record<string, unknown>): string {
  const took = isCount(durationMs) ? ` after ${durationText(durationMs)}` : ''
  const lines = [`the instance ends${took}${clean === true ? ', all its work is done' : ''}`]
  for (const each of objectsIn(cut)) {
    lines.push(`cut off    ${plainText(`${each.count} ${each.kind} of ${each.name}`)}`)
  }
  if (Array.isArray(left) && left.length > 0) lines.push(`unfinished ${left.map(nameOf).join(', ')}`)
  for (const { name, what } of objectsIn(pending)) {
    const which = Array.isArray(what) ? what.map(nameOf).join(', ') : ''
    lines.push(`unfinished ${nameOf(name)}${which === '' ? '' : `: ${which}`}`)
  }
  for (const { name, phase } of objectsIn(failures)) {
    lines.push(`failed     ${nameOf(name)}${typeof phase === 'string' ? ` (${plainText(phase)})` : ''}`)
  }
  return lines.join('\n')
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function nameOf(value: unknown): string {
  const name = isObject(value) && value.name !== undefined ? value.name : value
  return plainText(typeof name === 'string' ? name : JSON.stringify(name))
}
