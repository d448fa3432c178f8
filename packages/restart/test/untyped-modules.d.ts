// Test servers without types of their own; what the tests use of them is checked by running it.
declare module 'express'
declare module 'ws'
