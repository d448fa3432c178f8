// init.mjs OPTIONS COMMAND…: a container's first process. OPTIONS is JSON.
import { runAsInit } from '@slatfatf/restart'

const [options, ...command] = process.argv.slice(2)
try {
  process.exit(await runAsInit(command, JSON.parse(options)))
} catch (error) {
  console.log(`refused ${error.code}`)
  process.exit(127)
}
