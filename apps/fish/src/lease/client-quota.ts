/** What one client may take (RFC 6888 REQ-4): flows at a time, and new flows in a second with a burst of one second's worth. */
export interface QuotaLimits {
  flowsPerClient: number
  newFlowsPerSecondPerClient: number
}

interface ClientAccount {
  flows: number
  tokens: number
  refilledMs: number
}

export const QUOTA = { granted: 0, tooManyFlows: 1, tooFast: 2 } as const

/** Counts each client's flows and the rate of its new ones. Asked for new flows only, never for a packet of a known flow. */
export class ClientQuota {
  readonly #limits: QuotaLimits
  readonly #accounts = new Map<number, ClientAccount>()

  constructor(limits: QuotaLimits) {
    this.#limits = limits
  }

  /** Clients that hold a flow, or whose rate is still remembered. */
  get clients(): number {
    return this.#accounts.size
  }

  /** Judges a new flow of this client. A flow that is granted must be confirmed by {@link opened}. */
  judge(client: number, nowMs: number): number {
    const account = this.#accounts.get(client)
    if (account === undefined) return QUOTA.granted
    if (account.flows >= this.#limits.flowsPerClient) return QUOTA.tooManyFlows
    this.#refill(account, nowMs)
    return account.tokens >= 1 ? QUOTA.granted : QUOTA.tooFast
  }

  /** The client got its flow. */
  opened(client: number, nowMs: number): void {
    let account = this.#accounts.get(client)
    if (account === undefined) {
      account = { flows: 0, tokens: this.#limits.newFlowsPerSecondPerClient, refilledMs: nowMs }
      this.#accounts.set(client, account)
    }
    account.flows++
    account.tokens--
  }

  /** A flow of the client is over. */
  closed(client: number): void {
    const account = this.#accounts.get(client)
    if (account !== undefined) account.flows--
  }

  /** Forgets clients without flows whose rate no longer matters. Call it now and then. */
  prune(nowMs: number): void {
    for (const [client, account] of this.#accounts) {
      if (account.flows === 0 && nowMs - account.refilledMs > 1000) this.#accounts.delete(client)
    }
  }

  #refill(account: ClientAccount, nowMs: number): void {
    const rate = this.#limits.newFlowsPerSecondPerClient
    account.tokens = Math.min(rate, account.tokens + ((nowMs - account.refilledMs) / 1000) * rate)
    account.refilledMs = nowMs
  }
}
