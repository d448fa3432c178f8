import { spawn } from 'node:child_process'
import { addNamespaces } from './add-namespaces.js'
import type { CommandOptions, CommandResult } from './command.js'
import { createLink, type Link, resolveLink } from './link.js'
import { namespacePath } from './namespace-name.js'
import { NamespaceProcess } from './namespace-process.js'
import { type EnterOptions, NetnsChild } from './netns-child.js'
import { NetnsError } from './netns-error.js'
import { removeNamespace } from './remove-namespace.js'
import { sweep } from './sweep.js'
import { Transcript } from './transcript.js'

export interface LabOptions {
  /** The roles, such as `['client', 'edge', 'inet']`. */
  readonly namespaces: readonly string[]
  readonly links?: readonly Link[]
}

export interface SpawnOptions {
  /** Variables added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/**
 * Makes network namespaces, joins them by veth pairs, and resolves when every link is operational.
 *
 * `lo` is up in each. Namespaces that dead processes left behind are removed first; whatever this call made is
 * removed again if it fails. Requires CAP_SYS_ADMIN and CAP_NET_ADMIN in the user namespace, and a writable
 * `/run`. Equals `ip netns add` and `ip link add ... type veth`. Rejects with `ERR_COMMAND_FAILED`,
 * `ERR_INVALID_ARG_VALUE` or `ERR_UNSUPPORTED_PLATFORM`. See ip-netns(8) and veth(4).
 */
export async function createLab(options: LabOptions): Promise<Lab> {
  if (process.platform !== 'linux') {
    throw new NetnsError('ERR_UNSUPPORTED_PLATFORM', 'network namespaces exist on Linux only')
  }
  const links = (options.links ?? []).map(resolveLink)
  const roles = options.namespaces
  for (const role of roles) {
    if (!/^[\w-]{1,64}$/.test(role)) throw invalid(`'${role}' is no name for a namespace`)
    if (roles.indexOf(role) !== roles.lastIndexOf(role)) throw invalid(`namespace '${role}' is named twice`)
  }
  const unknown = links.flatMap(({ ends }) => ends).find(({ namespace }) => !roles.includes(namespace))
  if (unknown) throw invalid(`a link ends in namespace '${unknown.namespace}', which is not in this lab`)

  await sweep()
  const transcript = new Transcript()
  const names = await addNamespaces(roles, transcript)
  const lab = new Lab(names, transcript)
  try {
    for (const role of roles) await lab.ip(role, 'link', 'set', 'dev', 'lo', 'up')
    for (const link of links) await createLink(link, (role) => lab.name(role), transcript)
    return lab
  } catch (error) {
    await lab.close()
    throw error
  }
}

/** A set of network namespaces and what runs in them, until it is closed. */
export class Lab {
  readonly #names: ReadonlyMap<string, string>
  readonly #transcript: Transcript
  readonly #processes = new Set<NamespaceProcess>()
  readonly #children = new Set<NetnsChild>()
  #closing: Promise<void> | undefined

  constructor(names: ReadonlyMap<string, string>, transcript: Transcript) {
    this.#names = names
    this.#transcript = transcript
  }

  /** The roles of the namespaces. */
  get namespaces(): string[] {
    return [...this.#names.keys()]
  }

  /** Every command so far, as one would type it. */
  get commands(): readonly string[] {
    return this.#transcript.lines
  }

  /** The name that `ip netns` shows, such as `t4242-3-edge`. */
  name(namespace: string): string {
    if (this.#closing) throw new NetnsError('ERR_LAB_CLOSED', `the lab of namespace '${namespace}' is closed`)
    const name = this.#names.get(namespace)
    if (!name) throw invalid(`the lab has no namespace '${namespace}'; it has: ${this.namespaces.join(', ')}`)
    return name
  }

  /** The file that stands for the namespace, for setns(2). */
  path(namespace: string): string {
    return namespacePath(this.name(namespace))
  }

  /**
   * Runs a command in the namespace to its end. Equals `ip netns exec NAME COMMAND`.
   *
   * Rejects with `ERR_COMMAND_FAILED` or `ERR_TIMEOUT`; the message has the exit code, standard error and the
   * commands that came before.
   */
  async exec(
    namespace: string,
    command: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): Promise<CommandResult> {
    return this.#transcript.run('ip', ['netns', 'exec', this.name(namespace), command, ...args], options)
  }

  /** Runs iproute2 on the namespace and resolves with its standard output. Equals `ip -n NAME ...`. */
  async ip(namespace: string, ...args: string[]): Promise<string> {
    const { stdout } = await this.#transcript.run('ip', ['-n', this.name(namespace), ...args])
    return stdout
  }

  /** Loads a ruleset in one transaction. Equals `nft -f -`. See nft(8). */
  async nft(namespace: string, ruleset: string): Promise<void> {
    await this.exec(namespace, 'nft', ['-f', '-'], { input: ruleset })
  }

  /**
   * Reads a `net.*` sysctl of the namespace, after it has been set if there is a value.
   *
   * A key with a slash is taken literally, for device names with dots: `net/ipv4/conf/eth0.1/forwarding`.
   * All keys outside `net` belong to the whole machine and are refused with `ERR_INVALID_ARG_VALUE`.
   */
  async sysctl(namespace: string, key: string, value?: string): Promise<string> {
    const path = key.includes('/') ? key : key.replaceAll('.', '/')
    if (!/^net\/[^.]/.test(path) || path.includes('/../'))
      throw invalid(`'${key}' is no sysctl of a network namespace`)
    const file = `/proc/sys/${path}`
    if (value !== undefined) await this.exec(namespace, 'tee', [file], { input: value })
    const { stdout } = await this.exec(namespace, 'cat', [file])
    return stdout.trimEnd()
  }

  /** Starts a command in the namespace and leaves it running; it is stopped when the lab closes. */
  spawn(
    namespace: string,
    command: string,
    args: readonly string[] = [],
    options: SpawnOptions = {},
  ): NamespaceProcess {
    const { env, ...rest } = options
    const line = ['netns', 'exec', this.name(namespace), command, ...args]
    this.#transcript.add('ip', line)
    const child = spawn('ip', line, { ...rest, env: { ...process.env, ...env }, stdio: 'pipe' })
    return tracked(this.#processes, new NamespaceProcess(child, `${command} in namespace '${namespace}'`))
  }

  /**
   * Forks a child of Node inside the namespace that imports the module; it ends when the lab closes.
   *
   * About 100 ms a child, so make one for each namespace and call it often. The module is plain JavaScript.
   * Rejects with what the import threw, or with `ERR_PROCESS_ENDED` or `ERR_TIMEOUT`.
   */
  async enter(namespace: string, module: URL, options: EnterOptions = {}): Promise<NetnsChild> {
    const child = await NetnsChild.start(namespace, this.name(namespace), module, options)
    if (this.#closing) {
      await child.kill()
      throw new NetnsError('ERR_LAB_CLOSED', `the lab of namespace '${namespace}' was closed meanwhile`)
    }
    return tracked(this.#children, child)
  }

  /** Ends everything that runs in the namespaces and removes them. A second close does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const ending = [...this.#children].map((child) => child.close())
    const stopping = [...this.#processes].map((child) => child.stop())
    await Promise.all([...ending, ...stopping])
    await Promise.all([...this.#names.values()].map(removeNamespace))
  }
}

function tracked<T extends { readonly exited: Promise<unknown> }>(set: Set<T>, item: T): T {
  set.add(item)
  item.exited.then(() => set.delete(item))
  return item
}

function invalid(message: string): RangeError {
  return Object.assign(new RangeError(message), { code: 'ERR_INVALID_ARG_VALUE' })
}
