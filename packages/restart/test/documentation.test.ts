// What the README and docs/ say is there: tests, examples, codes, exit statuses.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { exitStatus } from '../src/index.js'

const root = new URL('../', import.meta.url)
const read = (name: string, from: URL = root) => readFileSync(new URL(name, from), 'utf8')
const readme = read('README.md')
const docs = readdirSync(new URL('docs', root)).filter((name) => name.endsWith('.md'))

/** Promises of the page, as their words and the links in them. */
const guarantees = read('docs/guarantees.md')
  .split(/^- /m)
  .slice(1)
  .map((item) => {
    const [text = ''] = item.split(/\n\n|^#/m)
    const links = [...text.matchAll(/^ {2}\[(.+)\]\((.+)\)$/gm)].map(([, name = '', file = '']) => [
      name,
      file,
    ])
    return { promise: text.split(/\n {2}\[/)[0]!.replaceAll(/\s+/g, ' '), links }
  })

test('a list of guarantees is there', () => {
  expect(guarantees.length).toBeGreaterThan(40)
})

test.each(guarantees)('a test proves it: $promise', ({ links }) => {
  expect(links).not.toEqual([])
  for (const [name = '', file = ''] of links) {
    const source = read(file, new URL('docs/', root))
    for (const part of name.split(' › ')) {
      const isThere = [`'${part}'`, `"${part}"`, `\`${part}\``].some((literal) => source.includes(literal))
      expect(isThere, `${file} has a test "${part}"`).toBe(true)
      expect(source).not.toMatch(/\b(test|describe)\.(skip|todo|fails|only)\b/)
    }
  }
})

test.each(['README.md', ...docs.map((name) => `docs/${name}`)])(
  'every link of %s leads somewhere',
  (page) => {
    for (const [, target = ''] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const at = new URL(file === '' ? page : `${page.replace(/[^/]+$/, '')}${file}`, root)
      expect(existsSync(at), target).toBe(true)
      if (anchor !== undefined) expect(headings(readFileSync(at, 'utf8')), target).toContain(anchor)
    }
  },
)

/** As GitHub makes anchors of them. */
function headings(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

test('the README shows its first example as it runs', () => {
  expect(readme).toContain(`\`\`\`js\n${read('examples/hello.mjs')}\`\`\``)
})

test('what the README shows of an example is all of it', () => {
  const examples = new Set(readdirSync(new URL('examples', root)).map((name) => read(`examples/${name}`)))
  for (const [, text = ''] of readme.matchAll(/```js\n(.*?)```/gs)) {
    if (/^\/\/ +node \w[\w-]*\.mjs/m.test(text)) expect(examples).toContain(text)
  }
})

test('every option of an instance is in the table of options, and no other', () => {
  const [, names = ''] = /const known = \[(.*?)\]/s.exec(read('src/instance/instance-options.ts')) ?? []
  const [, table = ''] = readme.split('\n| option | default | |\n')
  const told = [...table.split('\n\n')[0]!.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(told.toSorted()).toEqual([...names.matchAll(/'(\w+)'/g)].map(([, name]) => name).toSorted())
})

test('every code of this package is in the table of errors, and no other', () => {
  const [, table = ''] = readme.split('\n## Errors\n')
  const told = new Set(table.split('\n## ')[0]!.match(/ERR_RESTART_[A-Z_]+/g))
  const used = new Set<string>()
  for (const name of readdirSync(new URL('src', root), { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || name.endsWith('.test.ts')) continue
    for (const code of read(`src/${name}`).match(/ERR_RESTART_[A-Z_]+/g) ?? []) used.add(code)
  }
  expect([...told].toSorted()).toEqual([...used].toSorted())
})

test('the exit statuses are those of the command', () => {
  const rows = [...readme.matchAll(/^\| (\d) \| `(\w+)` \|/gm)]
  expect(Object.fromEntries(rows.map(([, status, name]) => [name, Number(status)]))).toEqual(exitStatus)
})
