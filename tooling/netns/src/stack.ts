/**
 * The stack without the frames of this kit.
 *
 * A test runner shows the code at the first frame, which should be the line of the test.
 */
export function withoutOwnFrames(stack = ''): string {
  const isOwn = (line: string) => isFrame(line) && line.includes(`${import.meta.dirname}/`)
  return stack
    .split('\n')
    .filter((line) => !isOwn(line))
    .join('\n')
}

/** Lets the stack of an error that came from elsewhere end with the frames of the caller. */
export function withCaller(error: unknown, caller: Error): unknown {
  if (!(error instanceof Error)) return error
  const frames = withoutOwnFrames(caller.stack).split('\n').filter(isFrame)
  const stack = [withoutOwnFrames(error.stack), ...frames].join('\n')
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  return error
}

function isFrame(line: string): boolean {
  return /^\s+at /.test(line)
}
