import { openEvents } from '@slatfatf/conntrack'

for await (const event of await openEvents({ kinds: ['new', 'destroy'], filter: { protocol: 'tcp' } })) {
  if (event.type === 'overrun') console.log('events are missing here')
  else if ('flow' in event)
    console.log(event.type, event.flow.original.source, event.flow.original.destination)
}
