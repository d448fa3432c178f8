import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { checkInteger, checkKnown, invalidType, invalidValue } from '../errors/invalid-argument.js'

/** A TCP port to listen on. */
export interface TcpAddress {
  /** 0: a free one. */
  port: number
  /** A numeric address, or a name whose first address is taken. Default: all addresses, IPv6 and IPv4. */
  host?: string | undefined
  udp?: false | undefined
}

/** A UDP port to bind. */
export interface UdpAddress {
  udp: true
  port: number
  host?: string | undefined
}

/** The path of a Unix stream socket to listen on. */
export interface UnixAddress {
  path: string
  /** Permission bits of the path; who may write may connect. Default: 0o600. */
  mode?: number | undefined
}

/** Where a service listens. */
export type ListenAddress = TcpAddress | UdpAddress | UnixAddress

/** What a `ListenSocket` is. */
export type ListenKind = 'tcp' | 'udp' | 'unix'

/** An address that was checked, with its defaults filled in. */
export type CheckedAddress =
  | { kind: 'tcp' | 'udp'; port: number; host: string | undefined }
  | { kind: 'unix'; path: string; mode: number }

const DEFAULT_MODE = 0o600

/** sun_path has 108 bytes, of which one ends it. */
const MAX_PATH_BYTES = 107

export function checkListenAddress(name: string, address: ListenAddress): CheckedAddress {
  checkKnown(name, address, ['path', 'mode', 'port', 'host', 'udp'])
  const { path, mode, port, host, udp } = address as Partial<TcpAddress & UdpAddress & UnixAddress>
  if (path !== undefined) {
    const other = Object.entries({ port, host, udp }).find(([, value]) => value !== undefined)
    if (other) throw invalidValue(name, 'a path, or a port', `both path and ${other[0]}`)
    return checkUnixAddress(name, path, mode)
  }
  if (mode !== undefined) throw invalidValue(`${name}.mode`, 'given with a path', mode)
  checkInteger(`${name}.port`, port, 0xffff)
  if (host !== undefined) checkHost(`${name}.host`, host)
  if (udp !== undefined && typeof udp !== 'boolean') throw invalidType(`${name}.udp`, 'a boolean', udp)
  return { kind: udp ? 'udp' : 'tcp', port, host }
}

/** The path becomes absolute: a successor may run in another directory. */
export function checkUnixAddress(
  name: string,
  path: unknown,
  mode: unknown = DEFAULT_MODE,
): { kind: 'unix'; path: string; mode: number } {
  if (typeof path !== 'string') throw invalidType(`${name}.path`, 'a string', path)
  checkInteger(`${name}.mode`, mode, 0o777)
  if (path.startsWith('@') || path.startsWith('\0')) {
    const expected = 'the path of a file: an abstract socket has no permissions, and any user may connect'
    throw invalidValue(`${name}.path`, expected, path)
  }
  if (path === '' || path.includes('\0')) throw invalidValue(`${name}.path`, 'the path of a file', path)
  const absolute = resolve(path)
  if (Buffer.byteLength(absolute) > MAX_PATH_BYTES) {
    throw invalidValue(`${name}.path`, `at most ${MAX_PATH_BYTES} bytes long`, absolute)
  }
  return { kind: 'unix', path: absolute, mode }
}

function checkHost(name: string, host: unknown): void {
  if (typeof host !== 'string') throw invalidType(name, 'a string', host)
  if (host === '') throw invalidValue(name, 'an address or a name', host)
}

/** For messages: `127.0.0.1 port 80`, `UDP port 53`, `/run/app.sock`. */
export function describeAddress(address: CheckedAddress): string {
  if (address.kind === 'unix') return address.path
  const port = `${address.kind === 'udp' ? 'UDP ' : ''}port ${address.port}`
  return address.host === undefined ? port : `${address.host} ${port}`
}

export function isNumeric(host: string): boolean {
  return isIP(host) !== 0
}
