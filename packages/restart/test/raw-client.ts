import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { waitFor } from '@slatfatf/netns'

/** A client that writes bytes and keeps what came, so that a test can be as rude as it likes. */
export class RawClient {
  readonly socket: Socket
  text = ''
  /** `end` after a FIN, the error's code after a reset. */
  ending: string | undefined

  constructor(socket: Socket) {
    this.socket = socket
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      this.text += text
    })
    socket.on('end', () => {
      this.ending ??= 'end'
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.ending = error.code
    })
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  async sees(text: string): Promise<void> {
    try {
      await waitFor(() => this.text.includes(text))
    } catch (cause) {
      throw new Error(`${text} did not come; ending: ${this.ending}; came: ${this.text}`, { cause })
    }
  }

  /** Sends one request after the other until an answer contains the text. */
  async reaches(text: string): Promise<void> {
    for (let round = 0; round < 100; round++) {
      const { length } = this.text
      this.send(get('/'))
      await waitFor(() => this.text.slice(length).match(/\r\n\r\n\w/))
      if (this.text.includes(text)) return
    }
    throw new Error(`${text} did not come; came: ${this.text}`)
  }

  async ended(): Promise<string> {
    return waitFor(() => this.ending, { message: 'the connection to end' })
  }

  close(): void {
    this.socket.destroy()
  }
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  return new RawClient(socket)
}

export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
}
