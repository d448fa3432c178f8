// Runs inside the namespace: imports the module named on the command line, then calls its exports on request.
import { inspect } from 'node:util'
import { serialize } from 'node:v8'

const [moduleUrl] = process.argv.slice(2)
const ready = 0

// Open servers and devices must not keep the child alive once nobody can call it any more.
process.once('disconnect', () => process.exit())

try {
  const cases = await import(moduleUrl)
  process.on('message', ({ exit, id, exportName, args }) => {
    if (exit) process.exit()
    answer(id, () => call(cases, exportName, args))
  })
  process.send({ id: ready })
} catch (error) {
  process.send({ id: ready, error: describe(error) }, () => process.exit(1))
}

async function answer(id, run) {
  let reply
  try {
    reply = { id, value: await run() }
    serialize(reply)
  } catch (error) {
    reply = { id, error: describe(error) }
  }
  if (process.connected) process.send(reply)
}

function call(cases, exportName, args) {
  if (typeof cases[exportName] !== 'function') {
    throw new TypeError(
      `${moduleUrl} exports no function '${exportName}'; it has: ${Object.keys(cases).join(', ')}`,
    )
  }
  return cases[exportName](...args)
}

function describe(error) {
  if (!(error instanceof Error)) return { thrown: cloneable(error) }
  const { name, message, stack, cause, ...rest } = error
  const fields = {}
  for (const key of [
    'code',
    'errno',
    'syscall',
    'hint',
    'actual',
    'expected',
    'operator',
    ...Object.keys(rest),
  ]) {
    if (error[key] !== undefined) fields[key] = cloneable(error[key])
  }
  return {
    name: error.name,
    message: error.message,
    stack: withoutOwnFrames(error.stack),
    fields,
    ...(cause !== undefined && { cause: describe(cause) }),
  }
}

function cloneable(value) {
  try {
    serialize(value)
    return value
  } catch {
    return inspect(value)
  }
}

function withoutOwnFrames(stack = '') {
  return stack
    .split('\n')
    .filter((line) => !line.includes(import.meta.url))
    .join('\n')
}
