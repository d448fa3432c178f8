/** `840 ms`, `1.2 s`, `35 s`, `2 min 5 s`, `3 h 20 min`, `2 d 4 h`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return two(seconds, 60, 'min', 's')
  const minutes = Math.floor(seconds / 60)
  return minutes < 1_440 ? two(minutes, 60, 'h', 'min') : two(Math.floor(minutes / 60), 24, 'd', 'h')
}

function two(amount: number, size: number, large: string, small: string): string {
  const rest = amount % size
  return `${Math.floor(amount / size)} ${large}${rest === 0 ? '' : ` ${rest} ${small}`}`
}
