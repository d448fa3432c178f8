import { readFile } from 'node:fs/promises'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, test } from 'vitest'

const dist = (file: string) => readFile(new URL(`../dist/${file}`, import.meta.url), 'utf8')

/** As a browser without `using` has it: no process, no modules of Node, no Symbol.dispose. */
async function browser() {
  const context = createContext({
    AbortController,
    clearTimeout,
    console,
    performance,
    queueMicrotask,
    setTimeout,
  })
  const script = `
    const OldSymbol = Object.assign((description) => Symbol(description), {
      for: (key) => Symbol.for(key),
      iterator: Symbol.iterator,
    })
    const module = { exports: {} }
    ;((module, exports, Symbol) => {${await dist('index.cjs')}
    })(module, module.exports, OldSymbol)
    module.exports`
  return runInContext(script, context) as typeof import('../src/index.js')
}

test('the build imports nothing', async () => {
  expect(await dist('index.js')).not.toMatch(/^\s*import\b|\bimport\(|\brequire\(/m)
  expect(await dist('index.cjs')).not.toMatch(/\brequire\(/)
})

describe('without anything of Node', () => {
  test('everything works', async () => {
    const { WaitGroup } = await browser()
    const group = new WaitGroup({ errors: 'first', name: 'page' })
    const guard = group.guard()
    group.add()
    const waiting = group.wait({ timeoutMs: 30_000, signal: new AbortController().signal })
    group.done()
    guard.done()
    await waiting
    await expect(group.go(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
    expect(group.signal.aborted).toBe(true)
    group.guard('stuck')
    await expect(group.wait({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_WAITGROUP_TIMEOUT' })
  })

  test('there is the symbol that compilers of `using` fall back to', async () => {
    const { WaitGroup } = await browser()
    const group = new WaitGroup() as unknown as Record<symbol, () => Promise<void>>
    expect(group[Symbol.for('Symbol.asyncDispose')]).toBeTypeOf('function')
    const guard = new WaitGroup().guard() as unknown as Record<symbol, () => void>
    guard[Symbol.for('Symbol.dispose')]?.()
    expect((guard as unknown as { isDone: boolean }).isDone).toBe(true)
    await group[Symbol.for('Symbol.asyncDispose')]?.()
  })
})
