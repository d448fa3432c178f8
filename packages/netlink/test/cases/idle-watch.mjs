// Ends by itself: a watch that does not hold the process is open, and stays open.
import { watchLinks } from '@slatfatf/netlink'

const { links } = await watchLinks({}, { ref: false })
console.log('watching', links.get(1).name)
