import type { Section } from "./statements.js";

const keys = "`keys` of the topic; default none, so that everybody may publish";

export const eventGridStatements: readonly Section[] = [
  {
    title: "Publishing",
    statements: {
      1: "A POST of valid events is answered with 200.",
      2: "An event without a required member is answered with 400.",
      3: { text: "A wrong key is answered with 401.", option: keys },
      4: "An unknown topic is answered with 404.",
      5: "A request above 1 MiB is answered with 413.",
      6: "A request has at most 5,000 events, in a namespace 1,000.",
      7: { text: "The key is taken from a header and from the query.", option: keys },
      8: { text: "A signature that is wrong or has expired is answered with 401.", option: keys },
      9: "The service fills in topic and metadata version.",
      10: "A batch of CloudEvents is taken.",
    },
  },
  {
    title: "Consent of an endpoint",
    statements: {
      11: "A new subscription posts a validation event; an echo with 200 activates it.",
      12: "An echo with 202 does not activate it.",
      13: {
        text: "Without an echo, opening the validation URL within 5 minutes activates it; later it has failed.",
        option: "`validationUrl` of the notifier; default an address that leads nowhere",
      },
      14: "No event is sent before activation.",
      15: {
        text: "In the CloudEvents schema consent is asked for by OPTIONS, and given by an allowed origin or `*`.",
        option: "`validation` of the subscription; default `handshake`",
      },
    },
  },
  {
    title: "Pushing",
    statements: {
      16: "A delivery holds an array of one event unless batching is on.",
      17: "Headers name the kind of request, the subscription and the delivery count.",
      18: "200 to 204 end a delivery; every other status is a failure, 205 included.",
      19: "No answer within 30 seconds is a failure.",
      20: {
        text: "400, 401, 403 and 413 of a webhook are not retried.",
        option: "`destination` of the subscription; default `webhook`",
      },
      21: "After 404 the next attempt waits at least 5 minutes.",
      22: "After 408 it waits at least 2 minutes, after 503 30 seconds, after 500 10 seconds.",
      23: {
        text: "Attempts follow a schedule from 10 seconds to 12 hours.",
        option: "`jitterRatio` of the notifier; default 0",
      },
      24: "There are at most 30 attempts, or as many as the subscription says.",
      25: "The time to live is looked at only when an attempt is due.",
      26: "Without a place for dead letters a failed event is dropped.",
      27: "A dead letter tells reason, attempts, last outcome and the times of publishing and of the last attempt.",
      28: "400 and 413 dead-letter at once.",
      29: {
        text: "A dead letter is written 5 minutes after the failure.",
        option: "`deadLetterDelayMs` of the subscription; default 300,000",
      },
      30: "A batch keeps to its number of events; one event above the preferred size still goes, alone.",
      31: "One failed event fails its batch.",
      32: {
        text: "Order is not promised.",
        option: "`shuffleWindow` of the notifier; default 1, the order of arrival",
      },
      33: {
        text: "An event may be delivered twice.",
        option: "`duplicateProbability` of the notifier; default 0",
      },
    },
  },
  {
    title: "Filters",
    statements: {
      34: "Prefix and suffix of the subject ignore letter case unless told otherwise.",
      35: {
        text: "There are nineteen operators, on single values and on arrays.",
        option: "`enableAdvancedFilteringOnArrays` of the filter; default false, as in the service",
      },
      36: "A missing key matches `NumberNotIn`, `StringNotIn` and `IsNullOrUndefined` alone.",
      37: "Values are alternatives, filters are conditions.",
      38: "A subscription has at most 25 filters with 25 values in all.",
      39: "A text in a filter has at most 512 characters.",
      40: "A topic has at most 500 subscriptions.",
    },
  },
  {
    title: "Pulling",
    statements: {
      41: "A receive asks for 1 to 100 events (1) and waits 10 to 120 seconds (60); when the wait is over it gives an empty list.",
      42: "The delivery count is 1 at first and rises with every receive.",
      43: "A received event is hidden from others for 60 to 300 seconds (60).",
      44: "Acknowledging removes the event.",
      45: "A release waits 0, 10, 60, 600 or 3,600 seconds and nothing else.",
      46: "A released event returns after its delay.",
      47: "Rejecting dead-letters the event, or drops it.",
      48: "An unknown token fails alone; the others of the call succeed.",
      49: "A token that expired fails with `TokenLost`.",
      50: "Renewing extends the lock, for at most an hour after the first receive.",
      51: "After its maximum of deliveries, 10 at most, an event is dead-lettered.",
      52: "Events end with their time to live, and with the retention of at most 7 days.",
      53: "Two subscriptions have copies of their own.",
    },
  },
];
