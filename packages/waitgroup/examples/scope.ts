// A scope that does not end before its work, in TypeScript or any runtime that has `using`.
import { WaitGroup } from '@slatfatf/waitgroup'

export async function upload(parts: AsyncIterable<Uint8Array>, send: (part: Uint8Array) => Promise<void>) {
  await using group = new WaitGroup({ errors: 'first', disposeTimeoutMs: 10_000 })
  for await (const part of parts) {
    if (group.signal.aborted) break
    group.go(() => send(part))
  }
} // closed, waited for, and the first error thrown

export async function serve(group: WaitGroup, answer: () => Promise<void>) {
  using _guard = group.guard('request')
  await answer()
} // done here, by return or by throw
