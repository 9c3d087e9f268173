import type { Row } from "./row.js";
import { deadLetterings, lateAnswers } from "./rows/answers.js";
import { deliveryRows } from "./rows/deliveries.js";
import { grid } from "./rows/grid.js";
import { http } from "./rows/http.js";
import { links } from "./rows/links.js";
import { content } from "./rows/content.js";
import { webhook } from "./rows/webhook.js";
import { names } from "./rows/names.js";
import { redrives } from "./rows/redrives.js";
import { stopped } from "./rows/stopped.js";
import { tls } from "./rows/tls.js";
import { tcp } from "./rows/tcp.js";

/** Every row, by the number of its fault. */
export const rows: readonly Row[] = [
  ...tcp,
  ...links,
  ...lateAnswers,
  ...deadLetterings,
  ...deliveryRows,
  ...http,
  ...grid,
  ...names,
  ...tls,
  ...content,
  ...webhook,
  ...stopped,
  ...redrives,
].sort((left, right) => left.f - right.f);
