export interface ConsumerGroup {
  readonly x: 1;
}
