import { TunError } from '../errors/tun-error.js'

/**
 * What is wrong with a capture file, and at which byte. `ERR_PCAP_FORMAT`: another format, or another version.
 * `ERR_PCAP_LINK_TYPE`: the packets are no IP packets. `ERR_PCAP_RECORD`: a record that cannot be. `ERR_PCAP_TRUNCATED`: the file
 * ends within a header or a packet.
 */
export function pcapError(
  code: 'ERR_PCAP_FORMAT' | 'ERR_PCAP_LINK_TYPE' | 'ERR_PCAP_RECORD' | 'ERR_PCAP_TRUNCATED',
  file: string,
  position: number,
  text: string,
  hint: string,
): TunError {
  return new TunError(`${file}, byte ${position}: ${text} (${code}). ${hint}`, { code, hint })
}
