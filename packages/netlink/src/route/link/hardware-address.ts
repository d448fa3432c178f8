import { invalidType, invalidValue } from '../../errors/invalid-argument.js'

export function formatHardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':')
}

/** Throws unless `text` is six bytes in hexadecimal, such as `02:00:00:00:00:01`. */
export function parseHardwareAddress(name: string, text: unknown): Uint8Array {
  if (typeof text !== 'string') throw invalidType(name, 'a hardware address', text)
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw invalidValue(name, 'a hardware address of six bytes, such as 02:00:00:00:00:01', text)
  }
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16))
}
