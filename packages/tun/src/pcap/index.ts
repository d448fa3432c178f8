// Captures of raw IP packets in classic pcap files: record, read, replay. Needs neither the addon nor Linux.
export type { PcapRecord } from './pcap-parser.js'
export { createPcapWriter, type PcapWriter, type PcapWriterOptions } from './pcap-writer.js'
export { type PcapSource, type ReadPcapOptions, readPcap } from './read-pcap.js'
export { type ReplayOptions, type ReplayQueue, type ReplayResult, replayPcap } from './replay-pcap.js'
