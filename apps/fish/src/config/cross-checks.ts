import type { z } from 'zod'
import { clientSchema, deviceSchema, routingSchema, sliceSchema } from './config-schema.js'
import { type DocumentPath, formatPath, valueAt } from './document-path.js'
import type { Finding } from './finding.js'

/**
 * Checks values against each other.
 *
 * It takes the document, not the validated configuration: what can be read is checked even where something else is wrong.
 *
 * @param where - writes the position of a value, so that both sides of a conflict can be named
 */
export function crossCheck(document: unknown, where: (path: DocumentPath) => string): Finding[] {
  return [
    ...overlappingSlices(readable(document, 'slices', sliceSchema), where),
    ...clientInterfaces(document, where),
    ...sharedTables(document, where),
  ]
}

type Slice = z.output<typeof sliceSchema>

function overlappingSlices(slices: Entry<Slice>[], where: (path: DocumentPath) => string): Finding[] {
  const expected = 'slices that share no port of an address'
  const findings: Finding[] = []
  slices.forEach(({ value: slice, path }, index) => {
    for (const other of slices.slice(0, index)) {
      if (other.value.address !== slice.address) continue
      const first = Math.max(slice.ports.first, other.value.ports.first)
      const last = Math.min(slice.ports.last, other.value.ports.last)
      if (first > last) continue
      const sides = `${formatPath(path)} overlaps ${formatPath(other.path)} (${where(other.path)})`
      findings.push({
        path,
        expected,
        message: `${sides}: both hold ${slice.address} ports ${first}-${last}`,
      })
    }
  })
  return findings
}

function clientInterfaces(document: unknown, where: (path: DocumentPath) => string): Finding[] {
  const device = deviceSchema.shape.name.safeParse(valueAt(document, ['device', 'name']))
  const seen = new Map<string, DocumentPath>()
  const findings: Finding[] = []
  for (const { value: client, path: parent } of readable(document, 'clients', clientSchema)) {
    const path = [...parent, 'interface']
    const name = client.interface
    const before = seen.get(name)
    if (before !== undefined) {
      const message = `${formatPath(path)} repeats ${name}, which ${formatPath(before)} (${where(before)}) already has`
      findings.push({ path, message, expected: 'each interface once' })
    } else if (device.success && device.data === name) {
      const message = `${formatPath(path)} is ${name}, which is the device of fish itself (device.name)`
      findings.push({ path, message, expected: 'an interface other than device.name' })
    }
    if (before === undefined) seen.set(name, path)
  }
  return findings
}

function sharedTables(document: unknown, where: (path: DocumentPath) => string): Finding[] {
  const { table, clientTable } = routingSchema.shape
  const first = table.safeParse(valueAt(document, ['routing', 'table']))
  const second = clientTable.safeParse(valueAt(document, ['routing', 'clientTable']))
  if (!first.success || !second.success || first.data !== second.data) return []
  const path = ['routing', 'clientTable']
  const sides = `routing.clientTable is ${second.data}, the same as routing.table (${where(['routing', 'table'])})`
  return [{ path, message: `${sides}; they must differ`, expected: 'two different tables' }]
}

interface Entry<T> {
  readonly path: DocumentPath
  readonly value: T
}

function readable<T>(document: unknown, key: string, schema: z.ZodType<T>): Entry<T>[] {
  const list = valueAt(document, [key])
  if (!Array.isArray(list)) return []
  return list.flatMap((item, index) => {
    const result = schema.safeParse(item)
    return result.success ? [{ path: [key, index], value: result.data }] : []
  })
}
