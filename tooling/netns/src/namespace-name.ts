import { readlinkSync } from 'node:fs'

/** The inode number that every kernel gives to its first pid namespace (`PROC_PID_INIT_INO`). */
const initialPidNamespace = 0xeffffffc

/** Where iproute2 keeps the handles of named namespaces. See ip-netns(8). */
export const namespaceDirectory = '/run/netns'

/** The file that stands for a named namespace. */
export function namespacePath(name: string): string {
  return `${namespaceDirectory}/${name}`
}

/**
 * The name of one namespace of one lab, such as `t4242-3-edge`: pid of the owner, number of the lab, role.
 *
 * A pid means nothing outside its pid namespace, so any but the machine's first one is named too
 * (`t4242p4026532177-3-edge`).
 */
export function namespaceName(lab: number, role: string): string {
  return labPrefix(lab) + role
}

/** What the names of all namespaces of a lab of this process begin with. */
export function labPrefix(lab: number): string {
  return `t${process.pid}${pidNamespaceTag()}-${lab}-`
}

/** The pid in a name that `namespaceName` made in this pid namespace; undefined for all other names. */
export function ownerPid(name: string): number | undefined {
  const match = /^t(\d+)(p\d+)?-\d+-./.exec(name)
  return match && (match[2] ?? '') === pidNamespaceTag() ? Number(match[1]) : undefined
}

function pidNamespaceTag(): string {
  const inode = readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '')
  return Number(inode) === initialPidNamespace ? '' : `p${inode}`
}
