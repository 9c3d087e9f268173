import type { DeadLetterSink } from "../notifier/dead-letter.js";
import type { Notifier } from "../notifier/notifier.js";
import type { PullOptions } from "../notifier/pull-options.js";
import { PullSubscription, type SavedPullRecord } from "../notifier/pull-subscription.js";
import type { PushOptions } from "../notifier/push-options.js";
import { PushSubscription, type SavedPushRecord } from "../notifier/push-subscription.js";
import type { Topic, TopicOptions } from "../notifier/topic.js";

/** Every Event Grid topic with its subscriptions and their events. Dead letters that wait to be written are not in it. */
export interface NotifierSnapshot {
  readonly topics: readonly TopicSnapshot[];
}

interface TopicSnapshot {
  readonly name: string;
  readonly options: Required<TopicOptions>;
  readonly pull: readonly PullSnapshot[];
  readonly push: readonly PushSnapshot[];
}

interface PullSnapshot {
  readonly name: string;
  readonly options: Omit<PullOptions, "deadLetter">;
  readonly hasDeadLetters: boolean;
  readonly events: readonly SavedPullRecord[];
}

interface PushSnapshot {
  readonly name: string;
  readonly options: Omit<PushOptions, "deadLetter">;
  readonly hasDeadLetters: boolean;
  readonly events: readonly SavedPushRecord[];
}

/** Finds where the dead letters of a restored subscription go; without one they are dropped. */
export type SinkFinder = (topic: string, subscription: string) => DeadLetterSink | undefined;

/** What the topics hold now. Locks and requests on their way are not part of it. */
export function snapshotTopics(topics: ReadonlyMap<string, Topic>): NotifierSnapshot {
  return { topics: Array.from(topics.values(), snapshotTopic) };
}

/**
 * Fills an empty notifier, whose clock must show the moment of the snapshot. Endpoints that had consented are not asked
 * again; all others are. What was being sent is sent again, and not counted.
 */
export function restoreTopics(notifier: Notifier, snapshot: NotifierSnapshot, findSink: SinkFinder): void {
  for (const { name, options, pull, push } of snapshot.topics) {
    notifier.createTopic(name, options);
    for (const each of pull) {
      const sink = sinkOf(findSink, name, each);
      notifier.createPullSubscription(name, each.name, { ...each.options, ...sink }).restore(each.events);
    }
    for (const each of push) {
      const sink = sinkOf(findSink, name, each);
      const subscription = notifier.createPushSubscription(name, each.name, { ...each.options, ...sink });
      subscription.restore(each.events);
      subscription.pump();
    }
  }
}

function snapshotTopic({ name, subscriptions, ...topic }: Topic): TopicSnapshot {
  const { kind, schema, keys, retentionMs, resourceId } = topic;
  const all = [...subscriptions.values()];
  return {
    name,
    options: { kind, schema, keys, retentionMs, resourceId },
    pull: all.filter((each) => each instanceof PullSubscription).map(snapshotPull),
    push: all.filter((each) => each instanceof PushSubscription).map(snapshotPush),
  };
}

function snapshotPull(subscription: PullSubscription): PullSnapshot {
  const { deadLetter, ...options } = subscription.options;
  return {
    name: subscription.name,
    options,
    hasDeadLetters: deadLetter !== undefined,
    events: subscription.save(),
  };
}

function snapshotPush(subscription: PushSubscription): PushSnapshot {
  const { deadLetter, ...options } = subscription.options;
  return {
    name: subscription.name,
    options: subscription.state === "active" ? { ...options, validation: "none" } : options,
    hasDeadLetters: deadLetter !== undefined,
    events: subscription.save(),
  };
}

function sinkOf(
  findSink: SinkFinder,
  topic: string,
  { name, hasDeadLetters }: { readonly name: string; readonly hasDeadLetters: boolean },
): { readonly deadLetter?: DeadLetterSink } {
  const deadLetter = hasDeadLetters ? findSink(topic, name) : undefined;
  return deadLetter === undefined ? {} : { deadLetter };
}
