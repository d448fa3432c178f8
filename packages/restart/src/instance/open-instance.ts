import { requireLinux } from '../binding.js'
import { findChannel } from './find-channel.js'
import { findManager, inheritFromOutside, inheritFromPredecessor } from './inherit.js'
import { Instance } from './instance.js'
import { checkInstanceOptions, type InstanceOptions } from './instance-options.js'

/**
 * Makes this process a version of a service that can be restarted without a gap. Once a process, early in the program.
 *
 * If a running version started this process, resolves when its sockets, descriptors and state are here; if that
 * one dies meanwhile, with what had come. Otherwise looks at what the service manager passed and what a crashed instance
 * left. The coordination socket is there from now on, or from the hand-over on.
 *
 * Requires Linux 5.4.
 *
 * @throws {RestartError} `ERR_RESTART_ALREADY_RUNNING` (another instance answers at the coordination socket),
 * `ERR_RESTART_NOT_A_CHANNEL`, `ERR_RESTART_ENVIRONMENT_LOST` (a wrapper lost what the running version passed),
 * `ERR_RESTART_PREDECESSOR_SILENT`, `ERR_RESTART_PROTOCOL`, `ERR_RESTART_PROTOCOL_VERSION`, `ERR_RESTART_DESCRIPTOR_LIMIT`,
 * `ERR_RESTART_DESCRIPTORS_LOST`, `ERR_RESTART_STATE_DAMAGED`, `ERR_RESTART_CANCELLED`, `ERR_RESTART_LISTEN_FDS`,
 * `ERR_UNSUPPORTED_PLATFORM`; TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE`.
 */
export async function openInstance(options: InstanceOptions = {}): Promise<Instance> {
  const checked = checkInstanceOptions(options)
  requireLinux()
  const line = findChannel()
  const manager = findManager(checked)
  const beginnings =
    line === undefined
      ? await inheritFromOutside(checked, manager)
      : await inheritFromPredecessor(line, checked, manager)
  const instance = new Instance(checked, beginnings)
  await instance.prepare()
  return instance
}
