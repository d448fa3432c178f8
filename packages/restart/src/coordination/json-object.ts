/** An object of JSON whose fields have not been looked at. */
export type JsonObject = Record<string, unknown>

/** The object that `payload` is the text of, or in words why it is none. */
export function parseObject(payload: Uint8Array): JsonObject | string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch {
    return 'bytes that are not UTF-8'
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'text that is not JSON'
  }
  return isObject(value) ? value : 'JSON that is not an object'
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Ids and process ids, versions and generations, milliseconds. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

export function isOneOf<T extends string>(value: unknown, known: readonly T[]): value is T {
  return known.includes(value as T)
}
