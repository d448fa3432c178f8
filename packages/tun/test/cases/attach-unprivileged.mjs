import { openTun } from '@slatfatf/tun'

// Alone in a process, which has given up all capabilities.
try {
  const device = await openTun({ name: process.argv[2], exclusive: false })
  const configure = await device.configure({ mtu: 1400 }).then(
    () => 'done',
    ({ code }) => code,
  )
  console.log(JSON.stringify({ name: device.name, configure }))
  await device.close()
} catch ({ code, syscall }) {
  console.log(JSON.stringify({ code, syscall }))
}
