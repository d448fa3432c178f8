import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'

const file = new URL('./fixtures/linux-6.18.json', import.meta.url)
const payloads = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>

/** What Linux 6.18 said, by name; test/fixtures/capture.mjs made it. */
export function captured(name: string): DataView {
  return viewOf(Buffer.from(payloads[name]!, 'hex'))
}

export const flowNames = Object.keys(payloads).filter((name) => !/statistics|expectation/i.test(name))
export const expectationNames = Object.keys(payloads).filter((name) => /^expectation(?!Cpu)/.test(name))

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}
