import { tunFromFd } from '@slatfatf/tun'

// Alone in a process, which got the descriptor from another program.
await tunFromFd(Number(process.argv[2]), { ownership: 'own' }).then(
  ({ name }) => console.log(JSON.stringify({ name })),
  ({ code, hint }) => console.log(JSON.stringify({ code, hint })),
)
