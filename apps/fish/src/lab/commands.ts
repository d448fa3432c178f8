import { type ChildProcess, execFile, fork, spawn } from 'node:child_process'
import { promisify } from 'node:util'

const execFileAsync = promisify(execFile)

/** Hosts of the lab; each is a network namespace of this name. */
export type LabHost = 'client' | 'edge' | 'internet'

/** Output of a command that succeeded. */
export async function output(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await execFileAsync(command, args, { maxBuffer: 1 << 24, timeout: 60_000 })
  return stdout
}

/** Runs a command on a host of the lab and returns what it printed; rejects with its stderr when it fails. */
export function on(host: LabHost, command: string, ...args: string[]): Promise<string> {
  return output('ip', 'netns', 'exec', host, command, ...args)
}

/** Loads an nft ruleset on a host of the lab, in one transaction. */
export async function loadRuleset(host: LabHost, ruleset: string): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', host, 'nft', '-f', '-'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  child.stdin.end(ruleset)
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`nft refused the ruleset (${code})`)),
    )
  })
}

/** Starts a program of this package on a host of the lab, with a channel for messages. */
export function forkOn(host: LabHost, program: URL): ChildProcess {
  return fork(program, [], {
    execPath: 'ip',
    execArgv: ['netns', 'exec', host, process.execPath],
    serialization: 'advanced',
  })
}

/** Starts a program on a host of the lab and leaves it running. `ip netns exec` becomes the program, so the pid is the program's. */
export function start(host: LabHost, command: string, ...args: string[]): ChildProcess {
  return spawn('ip', ['netns', 'exec', host, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}
