/** Faults that no row plays over the wire, with the reason. Those whose catalogue has no wire column are not here. */
export const unplayed: Readonly<Record<number, string>> = {
  46: "Waybill reads no content encodings: a compressed body is bytes to it",
  47: "test/claim-check has it: missing, changed, a URL, store down",
  53: "npm run crash: kill -9 at every point of the work",
  54: "a graceful stop breaks no wire: test/service/control.test.ts; npm run crash ends its last process by stop()",
  58: "the clock of a process cannot be set without faketime: the simulation plays it",
  60: "no idempotency store speaks over a network yet: the simulation plays it",
  70: "a message of a wrong size breaks no wire: npm run conformance sends them through every SDK",
};
