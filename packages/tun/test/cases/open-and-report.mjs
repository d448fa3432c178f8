import { openTun } from '@slatfatf/tun'

// Alone in a process, because what is missing here is missing for the whole process.
try {
  await openTun()
} catch ({ code, syscall, hint }) {
  process.stdout.write(JSON.stringify({ code, syscall, hint }))
}
