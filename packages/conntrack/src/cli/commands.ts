import type { Command } from './command.js'
import { count } from './count.js'
import { create } from './create.js'
import { remove } from './delete.js'
import { doctor } from './doctor.js'
import { flush } from './flush.js'
import { get } from './get.js'
import { list } from './list.js'
import { restore } from './restore.js'
import { stats } from './stats.js'
import { update } from './update.js'
import { watch } from './watch.js'

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  list,
  watch,
  get,
  create,
  update,
  remove,
  restore,
  flush,
  count,
  stats,
  doctor,
]
