// Checked by tsc; that it runs too costs nothing.
import { expectTypeOf, test } from 'vitest'
import {
  type ChildOptions,
  type Guard,
  isWaitTimeoutError,
  type PendingWork,
  WaitGroup,
  type WaitGroupOptions,
  type WaitTimeoutError,
} from '../src/index.js'

const group = new WaitGroup()

test('go() has the type of what the function returns, awaited', () => {
  expectTypeOf(group.go(async () => 7)).toEqualTypeOf<Promise<number>>()
  expectTypeOf(group.go(() => 'text')).toEqualTypeOf<Promise<string>>()
  expectTypeOf(group.go(() => {})).toEqualTypeOf<Promise<void>>()
  expectTypeOf(group.go((): Promise<1> | 2 => 2)).toEqualTypeOf<Promise<1 | 2>>()
  group.go((signal) => expectTypeOf(signal).toEqualTypeOf<AbortSignal>())
  // @ts-expect-error a promise has begun before it was counted: that is what track() is for
  const wrong = () => group.go(Promise.resolve())
  expectTypeOf(wrong).toBeFunction()
})

test('track() has the type of what it is given', () => {
  class Request extends Promise<string> {}
  const request = Request.resolve('x') as Request
  expectTypeOf(group.track(request)).toEqualTypeOf<Request>()
  // @ts-expect-error not a promise
  const wrong = () => group.track(7)
  expectTypeOf(wrong).toBeFunction()
})

test('a guard that may be refused is a guard or null', () => {
  expectTypeOf(group.guard()).toEqualTypeOf<Guard>()
  expectTypeOf(group.tryGuard('late')).toEqualTypeOf<Guard | null>()
  expectTypeOf<Guard>().toExtend<Disposable>()
  expectTypeOf<WaitGroup>().toExtend<AsyncDisposable>()
})

test('options have no unknown names, and a child no name among them', () => {
  expectTypeOf<ConstructorParameters<typeof WaitGroup>>().toEqualTypeOf<[options?: WaitGroupOptions]>()
  expectTypeOf<ChildOptions>().not.toHaveProperty('name')
  expectTypeOf<WaitGroupOptions['errors']>().toEqualTypeOf<'ignore' | 'collect' | 'first' | undefined>()
  expectTypeOf<WaitGroupOptions['waitUntil']>().toEqualTypeOf<'empty' | 'closed' | undefined>()
  // @ts-expect-error spelled wrong
  const wrong = () => group.wait({ timeout: 5 })
  expectTypeOf(wrong).toBeFunction()
})

test('a timeout is told by its code', () => {
  const tell = (error: unknown) => {
    if (!isWaitTimeoutError(error)) return
    expectTypeOf(error).toEqualTypeOf<WaitTimeoutError>()
    expectTypeOf(error.code).toEqualTypeOf<'ERR_WAITGROUP_TIMEOUT'>()
    expectTypeOf(error.left).toEqualTypeOf<readonly PendingWork[]>()
  }
  tell(undefined)
})
