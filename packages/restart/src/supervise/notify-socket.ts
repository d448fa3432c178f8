import { MAX_DESCRIPTORS_PER_MESSAGE, READABLE } from '../channel/channel-binding.js'
import { systemError } from '../errors/restart-error.js'
import { managerBinding } from './manager-binding.js'

/** NOTIFY_BUFFER_MAX of systemd: a longer one is lost. */
const MAX_BYTES = 4096

interface Sender {
  pid: number
  uid: number
  gid: number
}

/** Calls back for every datagram; the descriptors belong to who is called. Does not hold the process open. */
export function openNotifySocket(
  address: string,
  onMessage: (bytes: Uint8Array, fds: number[], sender: Sender) => void,
): { close(): void } {
  const { bindNotifySocket, receiveNotification, closeFd, DescriptorPoll } = managerBinding()
  const fd = bind(address, bindNotifySocket)
  const poll = new DescriptorPoll(fd)
  const bytes = new Uint8Array(MAX_BYTES)
  const descriptors = new Int32Array(MAX_DESCRIPTORS_PER_MESSAGE + 1)
  const sender = new Int32Array(3)
  let open = true
  poll.start(READABLE, () => {
    while (open) {
      const length = receiveNotification(fd, bytes, descriptors, sender)
      if (length < 0) return
      const [pid = 0, uid = 0, gid = 0] = sender
      const count = descriptors[0] ?? 0
      onMessage(bytes.subarray(0, length), [...descriptors.subarray(1, 1 + Math.max(0, count))], {
        pid,
        uid,
        gid,
      })
    }
  })
  poll.unref()
  return {
    close() {
      if (!open) return
      open = false
      poll.close()
      closeFd(fd)
    },
  }
}

function bind(address: string, bindNotifySocket: (address: string) => number): number {
  try {
    return bindNotifySocket(address)
  } catch (error) {
    throw systemError(error, `bind the notify socket ${address}`)
  }
}
