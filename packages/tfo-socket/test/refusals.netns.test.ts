import { readFile, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { measureRefusals } from './refusals/measure.js'
import { renderRefusals } from './refusals/render.js'

const readme = new URL('../README.md', import.meta.url)
const generated = /(<!-- refusals:begin[^>]*-->\n)[\s\S]*?(\n<!-- refusals:end -->)/

// WRITE_REFUSALS=1 npx vitest run test/refusals.netns.test.ts writes what this kernel says into the README.
test('the README says who is refused what as this kernel does, over IPv4 and IPv6', async () => {
  const tables = renderRefusals(await measureRefusals())
  const text = await readFile(readme, 'utf8')
  const expected = text.replace(generated, (_, begin, end) => `${begin}\n${tables}\n${end}`)
  if (process.env.WRITE_REFUSALS === '1') await writeFile(readme, expected)
  else expect(text).toBe(expected)
  expect(text).toMatch(generated)
})
