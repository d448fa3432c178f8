export interface SignalEvents {
  restart(): void
  stop(signal: NodeJS.Signals): void
}

/** The signals of a service. Their handlers do not hold the process open. */
export class SignalHandlers {
  readonly #restart: () => void
  readonly #stop: (signal: NodeJS.Signals) => void

  /** SIGUSR2 is handled from now on: its default would end a process that just starts. */
  constructor(events: SignalEvents) {
    this.#restart = () => events.restart()
    this.#stop = (signal) => events.stop(signal)
    process.on('SIGUSR2', this.#restart)
  }

  /** Before this SIGTERM and SIGINT do what they always do. */
  armStop(): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      if (!process.listeners(signal).includes(this.#stop)) process.on(signal, this.#stop)
    }
  }

  remove(): void {
    process.off('SIGUSR2', this.#restart)
    process.off('SIGTERM', this.#stop)
    process.off('SIGINT', this.#stop)
  }
}
