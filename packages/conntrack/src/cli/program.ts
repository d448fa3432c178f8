/** As it is typed. */
export const PROGRAM = 'nf-conntrack'
