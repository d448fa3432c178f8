// Tries to listen on the address in its argument, and tells how that was refused.
import { openListenSocket } from '@slatfatf/restart'

const refusal = await openListenSocket('main', JSON.parse(process.argv[2])).then(
  () => ({}),
  ({ name, code, syscall, hint }) => ({ name, code, syscall, hint }),
)
console.log(JSON.stringify(refusal))
