import { isCount, isObject } from '../../coordination/json-object.js'
import { durationText } from './duration-text.js'
import { plainText } from './plain-text.js'

/** What an instance is and does, for people. It may be of another version: what is not as expected is left out. */
export function statusText(status: object): string {
  const { pid, generation, state, startedAt, sockets, kept, draining, restart } = status as Record<
    string,
    unknown
  >
  const lines = [`process ${word(pid)}, generation ${word(generation)}, ${word(state)}${since(startedAt)}`]
  for (const each of objectsIn(sockets)) {
    lines.push(`listens    ${word(each.name)}: ${word(each.kind)} ${addressText(each.address)}`)
  }
  if (Array.isArray(kept) && kept.length > 0) lines.push(`keeps      ${kept.map(word).join(', ')}`)
  if (isObject(restart)) {
    const newcomer = isCount(restart.pid) ? `, process ${restart.pid}` : ''
    lines.push(`restarts   ${word(restart.stage)}${newcomer}${since(restart.startedAt)}`)
  }
  for (const each of objectsIn(draining)) {
    const forMs = isCount(each.sinceMs) ? `, for ${durationText(each.sinceMs)}` : ''
    lines.push(`finishing  process ${word(each.pid)}, generation ${word(each.generation)}${forMs}`)
  }
  return lines.join('\n')
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

function word(value: unknown): string {
  if (value === undefined) return '?'
  return plainText(typeof value === 'string' ? value : JSON.stringify(value))
}

function addressText(address: unknown): string {
  if (!isObject(address)) return word(address)
  const { path, host, address: ip, port } = address
  if (typeof path === 'string') return plainText(path)
  const name = String(host ?? ip ?? '*')
  return plainText(`${name.includes(':') ? `[${name}]` : name}:${word(port)}`)
}

function since(startedAt: unknown): string {
  const ms = typeof startedAt === 'string' ? Date.now() - Date.parse(startedAt) : Number.NaN
  return ms >= 0 ? ` for ${durationText(ms)}` : ''
}
