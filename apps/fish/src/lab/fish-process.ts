import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { start } from './commands.js'
import { LAB } from './topology.js'

const CONFIG_FILE = '/run/lab/fish.yaml'
const FISHD = fileURLToPath(new URL('../bin/fishd.js', import.meta.url))

/**
 * The configuration that the lab's fishd runs with. The slice lies outside the default port range, so it widens that; and a closed
 * connection gives its tuple back after a second instead of four minutes, so that one scene does not have to wait for another.
 */
export const LAB_CONFIG = `clients: [ { interface: ${LAB.clientInterface}, prefixes: [10.64.0.0/24] } ]
slices:  [ { address: ${LAB.slice.address}, ports: ${LAB.slice.first}-${LAB.slice.last} } ]
host:    { widenPortRange: true }
timeouts: { tcpTransitoryMs: 1000 }
stop:    { quietMs: 500 }
`

/** A real fishd on the lab's edge. */
export class FishProcess {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown[]>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = once(child, 'exit')
  }

  /** Starts fishd and waits until it says that it is ready. */
  static async start(): Promise<FishProcess> {
    await mkdir('/run/lab', { recursive: true })
    await writeFile(CONFIG_FILE, LAB_CONFIG)
    const child = start('edge', process.execPath, FISHD, 'run', '--config', CONFIG_FILE)
    let printed = ''
    await new Promise<void>((resolve, reject) => {
      const onOutput = (chunk: Buffer): void => {
        printed += chunk
        if (printed.includes('"msg":"ready"')) resolve()
      }
      child.stdout?.on('data', onOutput)
      child.stderr?.on('data', onOutput)
      child.once('exit', (code) =>
        reject(new Error(`fishd ended with ${code} before it was ready:\n${printed}`)),
      )
    })
    return new FishProcess(child)
  }

  /** Asks it to stop and returns its exit status. */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM')
    const [code] = await this.#exited
    return code as number | null
  }

  /** Takes it down without a chance to clean up. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }
}
