import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parseConfig } from '../src/config/parse-config.js'

const app = resolve(import.meta.dirname, '..')
let folder: string
let readme: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fish-readme-'))
  readme = await readFile(join(app, 'README.md'), 'utf8')
})

afterAll(() => rm(folder, { recursive: true, force: true }))

it('shows the example that this test runs', async () => {
  for (const file of ['fish.yaml', 'by-hand.sh']) {
    expect(readme).toContain(await readFile(join(app, 'examples', file), 'utf8'))
  }
})

it('names only settings that exist, with their defaults', () => {
  const [full] = [...readme.matchAll(/```yaml\n(device:[^`]*)```/g)].map(([, text]) => text!)
  const { restart, ...documented } = parseConfig(full!, 'README.md')
  const minimal =
    'clients: [ { interface: wg0 } ]\nslices: [ { address: 198.51.100.10, ports: 9000-9999 } ]\n'
  const defaults = parseConfig(minimal, 'minimal.yaml')
  expect(documented).toMatchObject({
    device: defaults.device,
    egress: defaults.egress,
    routing: defaults.routing,
    limits: defaults.limits,
    timeouts: defaults.timeouts,
    host: defaults.host,
    stop: defaults.stop,
    state: defaults.state,
    warnings: [],
  })
})

it('forwards a curl when its lines are typed by hand', async () => {
  await copyFile(join(app, 'examples/fish.yaml'), join(folder, 'fish.yaml'))
  // The lines are run as they stand, in namespaces of their own: the names of the three hosts are seen by nobody else.
  const script = `mount -t tmpfs tmpfs /run
    set -e
    ${await readFile(join(app, 'examples/by-hand.sh'), 'utf8')}
    kill %2
    wait %2
    kill %1`
  const path = `${resolve(app, '../../node_modules/.bin')}${delimiter}${process.env.PATH}`
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child', 'bash', '-m', '-c', script],
    { cwd: folder, env: { ...process.env, PATH: path }, timeout: 60_000 },
  )
  expect(stdout).toMatch(/^198\.51\.100\.10:40\d{3}$/m)
})
