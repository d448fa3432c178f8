import { expect, test } from 'vitest'
import { COMMANDS } from './commands.js'
import { parseOptions } from './options/parse-options.js'
import { commandHelp } from './render/help.js'

test.each(COMMANDS)(
  'the help of $name has every option, in lines that fit, and examples that can be read',
  (command) => {
    const help = commandHelp('nf-conntrack', command)
    for (const name of Object.keys(command.options)) expect(help).toContain(`--${name}`)
    for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
    for (const example of command.examples) {
      const [name, ...args] = example.split(' ')
      expect(name).toBe(command.name)
      parseOptions(args, command.options)
    }
  },
)

test.each(COMMANDS)('no letter of $name stands for two options', ({ options }) => {
  const letters = Object.values(options).flatMap(({ short }) => short ?? [])
  expect(new Set(letters).size).toBe(letters.length)
})
