import { z } from 'zod'
import { closestWord } from './closest-word.js'
import { configSchema } from './config-schema.js'
import { type DocumentPath, formatPath, valueAt } from './document-path.js'
import type { Finding } from './finding.js'

/** Turns what the schema objects to into sentences; one for each unknown key. */
export function describeIssue(issue: z.core.$ZodIssue, document: unknown): Finding[] {
  const path = issue.path as DocumentPath
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => describeUnknownKey(path, key))
  const name = formatPath(path) || 'the configuration'
  const value = valueAt(document, path)
  const problem: unknown = issue.code === 'custom' ? issue.params?.problem : undefined
  if (typeof problem === 'string') {
    return [
      {
        path,
        expected: issue.message,
        message: `${name} must be ${issue.message}; ${show(value)} ${problem}`,
      },
    ]
  }
  const message =
    value === undefined ? `${name} is missing; it must be` : `${name} is ${show(value)}; it must be`
  return [{ path, expected: issue.message, message: `${message} ${issue.message}` }]
}

function describeUnknownKey(path: DocumentPath, key: string): Finding {
  const known = keysAt(path)
  const meant = closestWord(key, known)
  const expected = `one of ${known.join(', ')}`
  const name = formatPath([...path, key])
  const hint = meant === undefined ? expected : `did you mean ${meant}?`
  return { path, key, expected, message: `${name} is not a setting; ${hint}` }
}

/** The keys the schema knows in the map at `path`. */
function keysAt(path: DocumentPath): string[] {
  let schema = unwrap(configSchema)
  for (const step of path) {
    const inner =
      schema instanceof z.ZodArray
        ? schema.element
        : schema instanceof z.ZodObject
          ? schema.shape[step]
          : schema
    schema = unwrap(inner)
  }
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap())
  }
  return schema instanceof z.ZodPipe ? unwrap(schema.out) : schema
}

function show(value: unknown): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a map'
  const text = String(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : JSON.stringify(value)
}
