import { closeSync } from 'node:fs'
import { binding } from '../binding.js'
import { invalidType } from '../errors/invalid-argument.js'
import { fromNative } from '../errors/system-error.js'
import { isTunError, TunError } from '../errors/tun-error.js'
import type { QueueToken } from '../queue/queue-token.js'
import { TunQueue } from '../queue/tun-queue.js'

/**
 * Makes a queue of the token that `TunQueue.transfer` returned in another thread of this process.
 *
 * @throws TypeError `ERR_INVALID_ARG_TYPE`
 * @throws TunError `ERR_TUN_CLOSED` if it was received before, `EBADFD` if the device was deleted meanwhile
 */
export function receiveQueue(token: QueueToken): TunQueue {
  if (!isToken(token)) throw invalidType('token', 'what TunQueue.transfer() returned', token)
  const { NativeQueue } = binding()
  if (Atomics.compareExchange(token.claim, 0, 0, 1) !== 0) {
    throw new TunError('the queue of this token was received before', {
      code: 'ERR_TUN_CLOSED',
      hint: 'A token stands for one queue: open another one for each thread, with openQueue()',
    })
  }
  try {
    return new TunQueue(new NativeQueue(token.counters, token.fd, false), token.counters, token.offload)
  } catch (thrown) {
    const error = fromNative(thrown)
    // The descriptor of a deleted device is good for nothing, and nobody else would close it.
    if (isTunError(error) && error.code === 'EBADFD') closeSync(token.fd)
    throw error
  }
}

/** Looked at before the token is claimed: one that is spoiled on the way must not spend the good one. */
function isToken(token: unknown): token is QueueToken {
  if (typeof token !== 'object' || token === null) return false
  const { fd, offload, counters, claim } = token as Partial<QueueToken>
  return (
    Number.isInteger(fd) &&
    typeof offload === 'object' &&
    counters instanceof Float64Array &&
    claim instanceof Int32Array
  )
}
