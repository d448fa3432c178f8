/** What a listener throws is the application's: it becomes an uncaught exception and harms nothing that comes after. */
export function callListener(call: () => void): void {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
