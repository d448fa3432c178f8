import { constants } from 'node:os'
import { binding } from '../binding.js'
import { checkFunction, checkInteger, checkKnown } from '../errors/invalid-argument.js'
import { errnoError, RestartError, systemError } from '../errors/restart-error.js'
import { Assembler, type ChannelMessage } from './assembler.js'
import { boundedWait, checkWaitOptions, type WaitOptions, waitOptionNames } from './bounded-wait.js'
import { type DescriptorPoll, MAX_DESCRIPTORS_PER_MESSAGE, READABLE, WRITABLE } from './channel-binding.js'
import { channelClosed, channelMalformed } from './channel-error.js'
import { decodeFrame, MAX_PACKET_BYTES } from './frame.js'
import { Mailbox, type MessageFilter } from './mailbox.js'
import { Outbox } from './outbox.js'
import { bytesPackets, messagePackets, type Packet } from './outgoing.js'

const { EAGAIN, ECONNRESET, EMSGSIZE } = constants.errno

/** One turn of the event loop reads no more than this. */
const PACKETS_PER_TURN = 64
/** More than this that nobody asked for is a flood. */
const MAX_UNASKED = 256
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024

/** Options of {@link openChannel} and {@link openChannelPair}. */
export interface ChannelOptions {
  /** The most that the other end may send by one {@link FdChannel.sendBytes}. Default: 256 MiB. */
  maxBytes?: number | undefined
}

/** Options of {@link FdChannel.receive}. */
export interface ReceiveOptions extends WaitOptions {
  /** Take no other message; a wait for a certain one is served before one for any. */
  only?: MessageFilter | undefined
}

// All channels of a thread share them: what comes is decoded or copied before anybody else is called.
let packetBuffer: Buffer | undefined
let descriptorBuffer: Int32Array | undefined

/**
 * One end of a pair of SEQPACKET sockets between two processes: JSON messages, bytes, and descriptors with them.
 *
 * Guarantees: messages arrive whole and in order, or not at all; a descriptor is never lost unnoticed, and nothing leaks
 * when the other end dies, floods or talks nonsense. A wait holds the process open unless {@link unref} was called; an
 * idle channel does not.
 *
 * @see {@link https://man7.org/linux/man-pages/man7/unix.7.html | unix(7)}, SCM_RIGHTS
 */
export class FdChannel implements Disposable {
  readonly fd: number
  readonly #poll: DescriptorPoll
  readonly #assembler: Assembler
  readonly #mailbox = new Mailbox()
  readonly #outbox: Outbox
  #events = 0
  #hasEnded = false
  #error: Error | undefined

  /** @internal */
  constructor(fd: number, maxBytes: number) {
    this.fd = fd
    this.#poll = new (binding().DescriptorPoll)(fd, true)
    this.#assembler = new Assembler(maxBytes)
    this.#outbox = new Outbox({
      write: (packet) => this.#write(packet),
      broken: (error) => this.#fail(error),
    })
  }

  /**
   * Resolves when the whole message is in the kernel, with copies of the descriptors; whether the other end could take
   * them, only it can say, so keep yours until it has.
   *
   * `message` has at most 64 KiB of JSON. More than 253 descriptors go in several packets; the wait is for room in the
   * kernel, and for the other end where too many are on their way (`ETOOMANYREFS`). Giving up in the middle of a message
   * closes the channel.
   *
   * @throws {RestartError} `ERR_RESTART_CHANNEL_CLOSED`, `ERR_RESTART_TIMED_OUT`, `EBADF`.
   */
  async send(message: object, fds: readonly number[] = [], options: WaitOptions = {}): Promise<void> {
    return this.#send(messagePackets(message, fds), options)
  }

  /** Any number of bytes up to 4 GiB, under a tag; do not change them until it resolves. Throws like {@link send}. */
  async sendBytes(tag: string, bytes: Uint8Array, options: WaitOptions = {}): Promise<void> {
    return this.#send(bytesPackets(tag, bytes), options)
  }

  /**
   * The next message; its descriptors are yours, and close-on-exec. `undefined`: the other end is gone.
   *
   * @throws {RestartError} `ERR_RESTART_DESCRIPTORS_LOST` (this message only; the channel goes on),
   * `ERR_RESTART_CHANNEL_MALFORMED` (and the channel is closed), `ERR_RESTART_CHANNEL_CLOSED` (by {@link close}),
   * `ERR_RESTART_TIMED_OUT`.
   */
  async receive(options: ReceiveOptions = {}): Promise<ChannelMessage | undefined> {
    checkKnown('options', options, [...waitOptionNames, 'only'])
    checkWaitOptions(options)
    const { only } = options
    if (only !== undefined) checkFunction('options.only', only)
    if (this.#error) throw this.#error
    return boundedWait('waiting for a message', options, (resolve, reject) => {
      const waiter = { only, resolve, reject }
      this.#mailbox.await(waiter)
      if (this.#hasEnded) this.#mailbox.end()
      this.#updatePoll()
      return () => {
        this.#mailbox.forget(waiter)
        this.#updatePoll()
      }
    })
  }

  /** Waits hold the process open from now on, which is how a channel begins. */
  ref(): void {
    if (!this.#error) this.#poll.ref()
  }

  unref(): void {
    if (!this.#error) this.#poll.unref()
  }

  /** What is not in the kernel yet is not sent, and what nobody has received is lost; its descriptors are closed. */
  close(): void {
    this.#fail(channelClosed('this end'))
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async #send(packets: Iterator<Packet>, options: WaitOptions): Promise<void> {
    checkKnown('options', options, waitOptionNames)
    checkWaitOptions(options)
    if (this.#error) throw this.#error
    return boundedWait('sending a message', options, (resolve, reject) => {
      const sending = { packets, resolve, reject }
      this.#outbox.add(sending)
      this.#updatePoll()
      return () => {
        this.#outbox.withdraw(
          sending,
          channelClosed('this end', new Error('a message was given up half sent')),
        )
        this.#updatePoll()
      }
    })
  }

  #write({ bytes, fds }: Packet): number {
    return binding().sendMessage(this.fd, bytes, fds)
  }

  #updatePoll(): void {
    if (this.#error) return
    const reads = this.#mailbox.isAwaited && !this.#hasEnded
    const events = (reads ? READABLE : 0) | (this.#outbox.isBlocked ? WRITABLE : 0)
    if (events === this.#events) return
    this.#events = events
    const status = events === 0 ? this.#poll.stop() : this.#poll.start(events, () => this.#ready())
    if (status < 0) this.#fail(errnoError(status, 'watch a channel', undefined, { syscall: 'uv_poll_start' }))
  }

  #ready(): void {
    if (this.#outbox.isBlocked) this.#outbox.flush()
    for (let count = 0; count < PACKETS_PER_TURN && this.#mailbox.isAwaited; count += 1) {
      if (!this.#read()) break
    }
    this.#updatePoll()
  }

  /** Whether there may be more. */
  #read(): boolean {
    packetBuffer ??= Buffer.allocUnsafeSlow(MAX_PACKET_BYTES)
    descriptorBuffer ??= new Int32Array(1 + MAX_DESCRIPTORS_PER_MESSAGE)
    const length = binding().receiveMessage(this.fd, packetBuffer, descriptorBuffer)
    // The other end closed with unread messages of ours; what it sent before is still to come.
    if (length === -ECONNRESET) return true
    if (length === -EAGAIN) return false
    if (length === 0) {
      closeReceived(descriptorBuffer)
      this.#hasEnded = true
      this.#assembler.clear()
      this.#mailbox.end()
      return false
    }
    if (length < 0) {
      this.#fail(
        length === -EMSGSIZE
          ? channelMalformed(`more than ${MAX_PACKET_BYTES} bytes at once`)
          : errnoError(length, 'receive a message', undefined, { syscall: 'recvmsg' }),
      )
      return false
    }
    return this.#take(packetBuffer.subarray(0, length), carriedBy(descriptorBuffer))
  }

  #take(packet: Buffer, carried: readonly number[] | undefined): boolean {
    try {
      const delivery = this.#assembler.add(decodeFrame(packet), carried)
      if (delivery) this.#mailbox.deliver(delivery)
      if (this.#mailbox.size > MAX_UNASKED) throw channelMalformed('more messages than were asked for')
    } catch (error) {
      this.#fail(error as Error)
    }
    return !this.#error
  }

  #fail(error: Error): void {
    if (this.#error) return
    this.#error = error
    this.#poll.close()
    binding().closeFd(this.fd)
    this.#assembler.clear()
    this.#outbox.fail(error)
    this.#mailbox.fail(error)
  }
}

function carriedBy(descriptors: Int32Array): number[] | undefined {
  const count = descriptors[0]!
  return count < 0 ? undefined : Array.from(descriptors.subarray(1, 1 + count))
}

function closeReceived(descriptors: Int32Array): void {
  for (const fd of carriedBy(descriptors) ?? []) binding().closeFd(fd)
}

/**
 * Takes over a descriptor that is one end of a pair of SEQPACKET sockets. One that is none stays the caller's.
 *
 * @throws {RestartError} `ERR_RESTART_NOT_A_CHANNEL`, `EBADF`.
 */
export function openChannel(fd: number, options: ChannelOptions = {}): FdChannel {
  checkInteger('fd', fd, 2 ** 31 - 1)
  checkKnown('options', options, ['maxBytes'])
  const { maxBytes = DEFAULT_MAX_BYTES } = options
  checkInteger('options.maxBytes', maxBytes, 2 ** 32 - 1)
  const operation = `use descriptor ${fd} as a channel`
  try {
    const description = binding().describeFd(fd)
    const isChannel =
      description.kind === 'socket' &&
      description.family === 'unix' &&
      description.type === 'seqpacket' &&
      !description.listening
    if (!isChannel) throw notAChannel(fd)
    binding().setCloseOnExec(fd, true)
    return new FdChannel(fd, maxBytes)
  } catch (error) {
    throw systemError(error, operation)
  }
}

/**
 * A channel and the other end of it, for a child: close that one when the child has it.
 *
 * @throws {RestartError} `EMFILE`, `ENFILE`.
 */
export function openChannelPair(options: ChannelOptions = {}): { channel: FdChannel; fd: number } {
  const [own, fd] = createPair()
  try {
    return { channel: openChannel(own, options), fd }
  } catch (error) {
    for (const end of [own, fd]) binding().closeFd(end)
    throw error
  }
}

function createPair(): [number, number] {
  try {
    return binding().socketPair('seqpacket')
  } catch (error) {
    throw systemError(error, 'open a channel')
  }
}

function notAChannel(fd: number): RestartError {
  return new RestartError(`descriptor ${fd} is no end of a channel`, {
    code: 'ERR_RESTART_NOT_A_CHANNEL',
    hint: 'Something in between has used the number: a wrapper script, or a program that closes what it did not open',
  })
}
