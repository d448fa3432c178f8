import { requireLinux } from '../binding.js'
import { findChannel } from './find-channel.js'
import { type Beginnings, findManager, inheritFromOutside, inheritFromPredecessor } from './inherit.js'
import { Instance } from './instance.js'
import { type CheckedOptions, checkInstanceOptions, type InstanceOptions } from './instance-options.js'
import { becomeOnlyInstance } from './only-instance.js'

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
 * `ERR_RESTART_SECOND_INSTANCE` (this process is one already),
 * `ERR_RESTART_NOT_A_CHANNEL`, `ERR_RESTART_ENVIRONMENT_LOST` (a wrapper lost what the running version passed),
 * `ERR_RESTART_PREDECESSOR_SILENT`, `ERR_RESTART_PROTOCOL`, `ERR_RESTART_PROTOCOL_VERSION`, `ERR_RESTART_DESCRIPTOR_LIMIT`,
 * `ERR_RESTART_DESCRIPTORS_LOST`, `ERR_RESTART_STATE_DAMAGED`, `ERR_RESTART_CANCELLED`, `ERR_RESTART_LISTEN_FDS`,
 * `ERR_UNSUPPORTED_PLATFORM`; TypeError `ERR_INVALID_ARG_TYPE`, RangeError `ERR_INVALID_ARG_VALUE`.
 */
export async function openInstance(options: InstanceOptions = {}): Promise<Instance> {
  const checked = checkInstanceOptions(options)
  requireLinux()
  const leave = becomeOnlyInstance()
  // Its default would end a process that waits for what the running version gives.
  const ignore = () => {}
  if (checked.signals) process.on('SIGUSR2', ignore)
  try {
    const instance = new Instance(checked, await begin(checked))
    void instance.ended.then(leave)
    await instance.prepare()
    return instance
  } catch (error) {
    leave()
    throw error
  } finally {
    process.off('SIGUSR2', ignore)
  }
}

async function begin(options: CheckedOptions): Promise<Beginnings> {
  const line = findChannel()
  const manager = findManager(options)
  if (line === undefined) return inheritFromOutside(options, manager)
  try {
    return await inheritFromPredecessor(line, options, manager)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    // Whoever asked for this version reads these words; the first ones, if this is said twice.
    await line.send({ type: 'fail', message, ...(code !== undefined && { code }) }).catch(() => {})
    throw error
  }
}
