/** An error as the child sends it; see case-runner.mjs. */
export type ChildError =
  | { readonly thrown: unknown }
  | {
      readonly name: string
      readonly message: string
      readonly stack: string
      readonly fields: Readonly<Record<string, unknown>>
      readonly cause?: ChildError
    }

const builtIn = new Map<string, new (message: string) => Error>(
  [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError].map((type) => [
    type.name,
    type,
  ]),
)

/**
 * Makes again what a case threw in the child: the stack is the child's, so a test runner shows the line in the
 * module of cases; built-in error classes keep their class, all others become an `Error` with their name.
 */
export function rebuildError(description: ChildError): unknown {
  if ('thrown' in description) return description.thrown
  const { name, message, stack, fields, cause } = description
  const type = builtIn.get(name) ?? Error
  const error = Object.assign(new type(message), fields)
  Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true })
  Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true })
  if (cause)
    Object.defineProperty(error, 'cause', { value: rebuildError(cause), configurable: true, writable: true })
  return error
}
