import { memory, memoryBroker } from "../../adapters/memory/index.js";
import { worldOf } from "../../adapters/memory/memory-broker.js";
import type { Connection } from "../../src/transport/index.js";
import type { Setting } from "./commands.js";
import { Party } from "./party.js";
import { lookInto } from "./look-text.js";
import { placeOf } from "./place.js";
import type { Side } from "./side.js";
import type { StillRuntime } from "./still-runtime.js";

/** Puts something between a party and its adapter. */
export type Alter = (connection: Connection) => Connection;

/** The adapter of the in-memory broker: a new broker for every sequence. What it does is done when it returns. */
export function memorySide(runtime: StillRuntime, alter: Alter = (connection) => connection): Side {
  return {
    async begin(name: string, setting: Setting) {
      const broker = memoryBroker();
      const place = placeOf(name, setting);
      const { destination, source, path } = place;
      const connection = await memory({ broker }).connect({
        service: "differential",
        runtime,
        destinations: [destination],
        sources: [source],
      });
      const party = new Party(alter(connection), place, setting, {
        runtime,
        exhausted: () => Promise.resolve(),
        atRest: () => Promise.resolve(),
        look: () => lookInto(worldOf(broker).broker, path),
      });
      await party.begin();
      return {
        party,
        end: async () => {
          await connection.close();
        },
      };
    },
  };
}
