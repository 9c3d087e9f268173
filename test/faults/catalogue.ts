import type { Row } from "./row.js";
import { streamsOfBytes } from "./rows/streams-of-bytes.js";

/** Every row, by the number of its fault. */
export const rows: readonly Row[] = [...streamsOfBytes].sort((left, right) => left.f - right.f);
