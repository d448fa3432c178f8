// A connection without a kernel, for the tests of those who use this package: the real connection code on a
// socket that a function of yours answers. Loads no addon.
export {
  createFakeNetlink,
  type FakeAnswer,
  type FakeMessage,
  type FakeNetlink,
  type FakeNetlinkOptions,
  type FakeRequest,
} from './create-fake-netlink.js'
