// The shipped unit files on a real systemd, with another program.
//
//   test ── FOLDER/http, FOLDER/admin ── app.socket, admin.socket ──┐
//        ── FOLDER/control ─────────────────────────────────────── app.service ── notify, fd store, watchdog ── systemd
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { waitFor } from '@slatfatf/netns'
import { boot, type CommandEnd, type Systemd } from '../../../../tooling/systemd/boot.js'

export interface App extends AsyncDisposable {
  readonly systemd: Systemd
  /** Made anew by begin(). The same inside and outside. */
  readonly folder: string
  /** Before a test. */
  begin(): void
  /** After a test: stops all units. */
  end(): Promise<void>
  start(): Promise<void>
  systemctl(...args: string[]): Promise<CommandEnd>
  property(name: string): Promise<string>
  mainPid(): Promise<number>
  /** Resolves with the number of the main process when it is another one. */
  nextPid(before: number): Promise<number>
  kill(signal: NodeJS.Signals): Promise<void>
  isAlive(pid: number): Promise<boolean>
  /** An HTTP request to one of the sockets; JSON is parsed. */
  // biome-ignore lint/suspicious/noExplicitAny: what a program answers is looked at by the tests
  ask(path: string, socket?: string): Promise<any>
}

/** `%d` in the commands stands for the folder. */
export async function bootApp(commands: { start: string; reload: string }): Promise<App> {
  const systemd = await boot()
  const folder = join(systemd.folder, 'app')
  const { start, reload } = commands
  await systemd.writeUnits({
    'app.service': shipped('app.service'),
    'app.service.d/test.conf': [
      '[Service]',
      'ExecStart=',
      `ExecStart=${start.replaceAll('%d', folder)}`,
      'ExecReload=',
      `ExecReload=${reload.replaceAll('%d', folder)}`,
      'WatchdogSec=2s',
      '',
    ].join('\n'),
    'app.socket': shipped('app.socket'),
    'app.socket.d/test.conf': `[Socket]\nListenStream=\nListenStream=${folder}/http\nListenStream=${folder}/http-2\n`,
    'admin.socket': `[Socket]\nListenStream=${folder}/admin\nFileDescriptorName=admin\nService=app.service\n`,
  })
  const property = (name: string) => systemd.property('app.service', name)
  const mainPid = async () => Number(await property('MainPID'))
  return {
    systemd,
    folder,
    systemctl: systemd.systemctl,
    property,
    mainPid,
    begin: () => void mkdirSync(folder),
    async end() {
      await systemd.systemctl('stop', 'app.service', 'app.socket', 'admin.socket')
      await systemd.systemctl('reset-failed')
      rmSync(folder, { recursive: true })
    },
    async start() {
      const { status, stderr } = await systemd.systemctl('start', 'app')
      if (status !== 0) throw new Error(stderr)
    },
    nextPid: (before) =>
      waitFor(
        async () => {
          const pid = await mainPid()
          return pid !== 0 && pid !== before && pid
        },
        { timeoutMs: 15_000, message: `a main process other than ${before}` },
      ) as Promise<number>,
    async kill(signal) {
      await systemd.systemctl('kill', '--kill-who=main', `--signal=${signal}`, 'app.service')
    },
    async isAlive(pid) {
      return (await systemd.exec('test', ['-e', `/proc/${pid}`])).status === 0
    },
    ask: (path, socket = 'control') => ask(join(folder, socket), path),
    [Symbol.asyncDispose]: () => systemd.close(),
  }
}

function shipped(name: string): string {
  return readFileSync(new URL(`../../units/${name}`, import.meta.url), 'utf8')
}

function ask(socketPath: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asking = request({ socketPath, path, agent: false, timeout: 15_000 }, async (response) => {
      let text = ''
      for await (const part of response) text += part
      resolve(/^[{[]/.test(text) ? JSON.parse(text) : text)
    })
    asking.once('timeout', () => asking.destroy(new Error(`no answer to ${path}`)))
    asking.once('error', reject)
    asking.end()
  })
}
