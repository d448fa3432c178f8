import { execFileSync } from 'node:child_process'

/** Newest versions of the C and C++ runtimes that a shared object asks for, for example `{ GLIBC: [2, 17] }`. */
export function symbolFloor(file: string): Record<string, number[]> {
  const symbols = execFileSync('objdump', ['-T', file], { encoding: 'utf8' })
  const newest: Record<string, number[]> = {}
  for (const [, library, version] of symbols.matchAll(/\b(GLIBC|GLIBCXX)_([0-9.]+)/g)) {
    const parts = version!.split('.').map(Number)
    if (isNewer(parts, newest[library!] ?? [])) newest[library!] = parts
  }
  return newest
}

/** True when version `a` is above version `b`. */
export function isNewer(a: number[], b: number[]): boolean {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference > 0
  }
  return false
}
