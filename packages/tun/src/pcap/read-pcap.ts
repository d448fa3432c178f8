import { createReadStream } from 'node:fs'
import { addAbortSignal, Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { abortError } from '../errors/abort-error.js'
import { invalidType } from '../errors/invalid-argument.js'
import { PcapParser, type PcapRecord } from './pcap-parser.js'

/** Where a capture is read from: the path of a file, or its bytes in pieces of any size, such as standard input. */
export type PcapSource = string | URL | AsyncIterable<Uint8Array>

/** Options of {@link readPcap}. */
export interface ReadPcapOptions {
  signal?: AbortSignal
}

const CHUNK_BYTES = 1 << 18

/**
 * The packets of a classic pcap file of IP packets, in the order of the file: microseconds or nanoseconds, either byte order,
 * link types RAW (101), IPV4 (228) and IPV6 (229). Works on every platform.
 *
 * Reads as it is asked, in memory that does not grow with the file, and closes the file when the iteration ends. Every complete
 * record comes before the error about what follows it, and the message of that has its position.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`, while iterating: TunError `ERR_PCAP_FORMAT`, `ERR_PCAP_LINK_TYPE`, `ERR_PCAP_RECORD`,
 *   `ERR_PCAP_TRUNCATED`; an `AbortError` when `signal` aborts; what the file system says (`ENOENT`, `EACCES` …)
 * @see draft-ietf-opsawg-pcap
 */
export function readPcap(
  source: PcapSource,
  { signal }: ReadPcapOptions = {},
): AsyncGenerator<PcapRecord, void, undefined> {
  const isPath = typeof source === 'string' || source instanceof URL
  if (!isPath && typeof source?.[Symbol.asyncIterator] !== 'function') {
    throw invalidType('source', 'a path or an async iterable of bytes', source)
  }
  return iterateRecords(source, signal)
}

async function* iterateRecords(
  source: PcapSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<PcapRecord, void, undefined> {
  const parser = new PcapParser(nameOf(source))
  const stream = openSource(source)
  if (signal !== undefined) addAbortSignal(signal, stream)
  for await (const chunk of stream as AsyncIterable<unknown>) {
    if (!(chunk instanceof Uint8Array)) throw invalidType('a piece of the source', 'a Uint8Array', chunk)
    for (let taken = 0; taken < chunk.length; ) {
      taken += parser.push(chunk, taken)
      for (let record = parser.next(); record !== undefined; record = parser.next()) {
        if (signal?.aborted) throw abortError(signal)
        yield record
      }
    }
  }
  parser.end()
}

function openSource(source: PcapSource): Readable {
  if (typeof source === 'string' || source instanceof URL) {
    return createReadStream(source, { highWaterMark: CHUNK_BYTES })
  }
  return source instanceof Readable ? source : Readable.from(source)
}

function nameOf(source: PcapSource): string {
  if (typeof source === 'string') return source
  return source instanceof URL ? fileURLToPath(source) : 'capture'
}
