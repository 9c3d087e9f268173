export interface Letterbox {
  readonly x: 1;
}
