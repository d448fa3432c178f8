/** What a callback of the user throws ends the process as an uncaught exception, but not the datagrams behind this one. */
export function callUser<Arguments extends unknown[]>(
  callback: ((...values: Arguments) => unknown) | undefined,
  ...values: Arguments
): unknown {
  try {
    return callback?.(...values)
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
    return undefined
  }
}
