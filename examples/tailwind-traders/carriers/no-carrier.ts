/** Nothing carries the messages. The message is for a person, and all that a person needs. */
export class NoCarrier extends Error {}
