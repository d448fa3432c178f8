import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLab, type Lab, type NamespaceProcess, type NetnsChild } from '@slatfatf/netns'
import { snapshotHost } from '../src/lab/snapshot.js'

//  client 10.64.0.2 ── 10.64.0.1 wg0 [edge: fishd] up0 203.0.113.2 ── 203.0.113.1 eth0 [internet] and 203.0.113.9

const FISHD = fileURLToPath(new URL('../bin/fishd.js', import.meta.url))
const PEER = new URL('./cases/peer.mjs', import.meta.url)

/** Addresses of the lab. The internet has two, for what must not depend on the remote. */
export const ORIGIN = '203.0.113.1'
export const OTHER_ORIGIN = '203.0.113.9'
export const SLICE = '198.51.100.10'

/** What a test writes into the configuration, as YAML, besides clients, slices, state and metrics. */
export interface FishOptions {
  ports?: string
  settings?: string
}

/** Three hosts, and fishd on the one in the middle. */
export class EdgeLab {
  readonly lab: Lab
  readonly client: NetnsChild
  readonly edge: NetnsChild
  readonly internet: NetnsChild
  readonly #state: string
  #fishd: NamespaceProcess | undefined

  private constructor(lab: Lab, children: [NetnsChild, NetnsChild, NetnsChild], state: string) {
    this.lab = lab
    this.#state = state
    ;[this.client, this.edge, this.internet] = children
  }

  static async create(): Promise<EdgeLab> {
    const lab = await createLab({
      namespaces: ['client', 'edge', 'internet'],
      links: [
        ['client', 'eth0', '10.64.0.2/24', 'edge', 'wg0', '10.64.0.1/24'],
        ['edge', 'up0', '203.0.113.2/24', 'internet', 'eth0', '203.0.113.1/24'],
      ],
    })
    await lab.ip('client', 'route', 'add', 'default', 'via', '10.64.0.1')
    await lab.ip('edge', 'route', 'add', 'default', 'via', ORIGIN)
    await lab.ip('internet', 'addr', 'add', `${OTHER_ORIGIN}/24`, 'dev', 'eth0')
    await lab.ip('internet', 'route', 'add', SLICE, 'via', '203.0.113.2')
    // Link-local addresses come by themselves while a test compares the host before and after.
    for (const device of ['wg0', 'up0']) await lab.sysctl('edge', `net.ipv6.conf.${device}.disable_ipv6`, '1')
    const children = await Promise.all([
      lab.enter('client', PEER),
      lab.enter('edge', PEER),
      lab.enter('internet', PEER),
    ])
    return new EdgeLab(lab, children, await mkdtemp(join(tmpdir(), 'fish-')))
  }

  /** The configuration file for these options; the slice lies outside the default port range, so it is widened. */
  async writeConfig({ ports = '9000-9999', settings = '' }: FishOptions = {}): Promise<string> {
    const file = join(this.#state, 'fish.yaml')
    const fixed = {
      clients: '[ { interface: wg0, prefixes: [10.64.0.0/24] } ]',
      slices: `[ { address: ${SLICE}, ports: ${ports} } ]`,
      state: `{ directory: ${this.#state} }`,
      metrics: '{ listen: 127.0.0.1:9464 }',
      host: '{ widenPortRange: true }',
      stop: '{ quietMs: 200 }',
    }
    const lines = Object.entries(fixed).filter(([key]) => !new RegExp(`^${key}:`, 'm').test(settings))
    await writeFile(file, `${lines.map(([key, value]) => `${key}: ${value}`).join('\n')}\n${settings}\n`)
    return file
  }

  /** Starts fishd and waits until it is ready. */
  async start(options: FishOptions = {}): Promise<NamespaceProcess> {
    const fishd = await this.launch(options)
    await fishd.waitForOutput(/"msg":"ready"/, { timeoutMs: 15_000 })
    this.#fishd = fishd
    return fishd
  }

  /** Starts fishd and does not wait. */
  async launch(options: FishOptions = {}): Promise<NamespaceProcess> {
    const file = await this.writeConfig(options)
    return this.lab.spawn('edge', process.execPath, [FISHD, 'run', '--config', file])
  }

  /** Runs a command of fishd to its end. */
  async run(command: string, options: FishOptions = {}): Promise<{ code: number | null; output: string }> {
    const file = await this.writeConfig(options)
    const fishd = this.lab.spawn('edge', process.execPath, [FISHD, command, '--config', file])
    const { code } = await fishd.exited
    return { code, output: fishd.output() }
  }

  /** Stops the running fishd, if any, and returns its exit status. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const end = await this.#fishd?.stop(signal)
    this.#fishd = undefined
    return end?.code ?? null
  }

  /** Everything that fish may change on the edge. */
  snapshot(): Promise<string> {
    return snapshotHost(async (command, ...args) => (await this.lab.exec('edge', command, args)).stdout)
  }

  /** Value of one metric of the running fishd; labels as in `fish_flows{protocol="tcp"}`. */
  async metric(name: string): Promise<number> {
    const { stdout } = await this.lab.exec('edge', 'curl', ['--silent', 'http://127.0.0.1:9464/metrics'])
    const line = stdout.split('\n').find((candidate) => candidate.startsWith(`${name} `))
    if (line === undefined) throw new Error(`no metric ${name} among:\n${stdout}`)
    return Number(line.slice(name.length + 1))
  }

  async close(): Promise<void> {
    await this.stop()
    await this.lab.close()
    await rm(this.#state, { recursive: true, force: true })
  }
}
