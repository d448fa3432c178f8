/** Errnos as Linux numbers them, whatever system this runs on: what is in a status word is the same everywhere. */
export const EIO = 5
export const EBADF = 9
export const EAGAIN = 11
export const EFAULT = 14
export const EINVAL = 22
export const EBADMSG = 74
export const EMSGSIZE = 90
export const EOPNOTSUPP = 95
