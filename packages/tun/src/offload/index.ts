/**
 * Super-packets cut into packets, and packets merged into super-packets: pure functions over batches, for every platform. They allocate
 * nothing per packet and throw for no bytes and no descriptors, whoever wrote them.
 *
 * @module
 */
export { copyOutput, describeOutput } from './copy-output.js'
export { MergePlan, type MergePlanOptions } from './merge-plan.js'
export { planMerge } from './plan-merge.js'
export { OUTPUT, OUTPUT_WORDS, PIECE, PIECE_WORDS } from './plan-words.js'
export { MALFORMED } from './segment-layout.js'
export { segmentCount, splitPacket } from './split.js'
