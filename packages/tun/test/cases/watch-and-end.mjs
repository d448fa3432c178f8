import { openTun } from '@slatfatf/tun'

// A whole process, because what is looked at is that it ends.
const device = await openTun()
await device.watch()
console.log('watching')
