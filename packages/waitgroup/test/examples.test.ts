import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { get } from 'node:http'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { WaitGroup } from '@slatfatf/waitgroup'
import { afterEach, describe, expect, test } from 'vitest'
import { serve, upload } from '../examples/scope.js'

const examples = new URL('../examples/', import.meta.url)
const pathOf = (name: string) => fileURLToPath(new URL(name, examples))

async function run(name: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [pathOf(name)], { timeout: 20_000 })
  return stdout.trim().split('\n')
}

test.each(await readdir(examples))('the README shows the example %s as it runs', async (name) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
  const text = await readFile(new URL(name, examples), 'utf8')
  expect(readme).toContain(`\`\`\`${name.endsWith('.ts') ? 'ts' : 'js'}\n${text}\`\`\``)
})

test('fan-out waits for all', async () => {
  const printed = await run('fan-out.mjs')
  expect(printed.toSorted()).toEqual(['1 is done', '2 is done', '3 is done', 'all are done'])
  expect(printed.at(-1)).toBe('all are done')
})

test('first-error stops the others and waits for their end', async () => {
  expect(await run('first-error.mjs')).toEqual([
    'copy to c: disk full',
    'copy to a: The operation was aborted',
    'copy to b: The operation was aborted',
    'not copied: disk full; 0 still run',
  ])
})

test('change-config closes the old one for nobody too early', async () => {
  expect(await run('change-config.mjs')).toEqual(['old is closed, and work goes on', '0 failed'])
})

describe('drain-server', () => {
  let child: ChildProcess | undefined
  afterEach(async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })

  async function start(drainMs: number) {
    const server = spawn(process.execPath, [pathOf('drain-server.mjs'), '0', String(drainMs)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    child = server
    let printed = ''
    server.stdout.setEncoding('utf8')
    const port = await new Promise<string>((resolve) => {
      server.stdout.on('data', (text: string) => {
        printed += text
        const match = /listens on (\d+)\n/.exec(printed)
        if (match?.[1] !== undefined) resolve(match[1])
      })
    })
    return {
      /** Begins a request, and returns when the server has it: it has answered one that came later. */
      async begin(path: string) {
        const answer = fetchText(`http://127.0.0.1:${port}${path}`)
        answer.catch(() => {})
        await fetchText(`http://127.0.0.1:${port}/50`)
        return { answer }
      },
      async terminate() {
        server.kill('SIGTERM')
        const [code] = await once(server, 'close')
        return { code, last: printed.trim().split('\n').at(-1) }
      },
    }
  }

  test('answers what it has begun', async () => {
    const { begin, terminate } = await start(20_000)
    const { answer } = await begin('/500')
    const { code, last } = await terminate()
    expect(await answer).toBe('done\n')
    expect([code, last]).toEqual([0, 'all requests were answered'])
  })

  test('says what it gave up', async () => {
    const { begin, terminate } = await start(1)
    const { answer } = await begin('/100000')
    const { code, last } = await terminate()
    await expect(answer).rejects.toThrow()
    expect(code).toBe(1)
    expect(last).toMatch(
      /^the group server was not done after 1 ms; left: server\/http\/GET \/100000 \(\d+\.\d s\)$/,
    )
  })
})

describe('scope', () => {
  async function* parts() {
    for (let i = 0; i < 3; i += 1) yield Uint8Array.of(i)
  }

  test('ends after its work', async () => {
    const sent: number[] = []
    await upload(parts(), async ([first = 0]) => {
      await new Promise((resolve) => setImmediate(resolve))
      sent.push(first)
    })
    expect(sent).toEqual([0, 1, 2])
  })

  test('ends with the first error', async () => {
    await expect(upload(parts(), () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  })

  test('of a guard ends its work, by throw too', async () => {
    const group = new WaitGroup()
    await serve(group, async () => expect(group.size).toBe(1))
    await expect(serve(group, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(group.size).toBe(0)
  })
})

async function fetchText(url: string): Promise<string> {
  const [response] = await once(get(url, { agent: false }), 'response')
  let all = ''
  for await (const chunk of response.setEncoding('utf8')) all += chunk
  return all
}
