/** Words of one output of a merge plan; native/plan_io.h has the same. */
export const OUTPUT_WORDS = 4

/**
 * - `header`, `headerLength`: where in the plan's header memory the virtio header begins, and the bytes from there: the ten of the virtio
 *   header, and behind them, for a super-packet, its rewritten IP and transport header.
 * - `piece`: first of the chain of pieces that follow the header.
 * - `status`: after writing, 0 or the (positive) errno.
 */
export const OUTPUT = { header: 0, headerLength: 1, piece: 2, status: 3 } as const

/** Words of one piece. There is one for each packet of the batch, under the packet's own index. */
export const PIECE_WORDS = 3

/** `offset` and `length` in the batch's slab; `next` is the piece behind it in the same output, -1 for the last. */
export const PIECE = { offset: 0, length: 1, next: 2 } as const
