import { openTun } from '@slatfatf/tun'

// Alone in a process, because what is missing here is missing for the whole process.
try {
  await openTun(process.argv[2] === undefined ? {} : { netns: process.argv[2] })
} catch ({ code, syscall, hint }) {
  process.stdout.write(JSON.stringify({ code, syscall, hint }))
}
