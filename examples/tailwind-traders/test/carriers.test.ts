import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { administrationOf, createCustomsSubscription } from "../carriers/emulator.js";
import { startEmulatorProcess, type EmulatorProcess } from "../carriers/emulator-process.js";
import { start, type Ended } from "./program.js";

const keys = ({ out }: Ended): readonly string[] => Object.keys(JSON.parse(out) as object);

/** What the file comes to, whatever carries it. */
const morning = {
  orders: 63,
  lines: 1026,
  cancellations: 4,
  rejected: 1,
  corrected: { orders: 1, pence: 23_800 },
  chargedPence: 2_505_705,
  duplicateCharges: 0,
  deadLetters: {},
};

describe("the morning through Microsoft's clients", () => {
  let emulator: EmulatorProcess;
  beforeAll(async () => {
    emulator = await startEmulatorProcess();
  });
  afterAll(() => emulator.close());

  it("comes to the same figures on an emulator that the program starts, and prints one line with the same keys", async () => {
    const ended = await start(["--transport", "emulator", "--json"]);
    expect(ended.err).toContain("✓ every figure agrees");
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(ended.out)).toMatchObject(morning);
    expect(keys(ended)).toEqual(keys(await start(["--json"])));
  });

  it("comes to the same figures as on Azure, where the environment says so and the entities were deployed", async () => {
    const { places } = emulator;
    const administration = administrationOf(places);
    for (const subscription of ["billing", "sales", "shipping", "stock"])
      await administration.createSubscription("orders", subscription, { requiresSession: true });
    await createCustomsSubscription(places);
    const ended = await start(["--transport", "azure", "--json"], {
      TAILWIND_SERVICE_BUS: places.serviceBus.connectionString,
      TAILWIND_EVENT_HUBS: places.eventHubs.connectionString,
      TAILWIND_EVENT_GRID: places.eventGrid.endpoint,
      TAILWIND_EVENT_GRID_KEY: places.eventGrid.key,
    });
    expect(ended.err).toContain("✓ every figure agrees");
    expect(JSON.parse(ended.out)).toMatchObject(morning);
  });

  it("says which variable of the environment is missing", async () => {
    const { code, out, err } = await start(["--transport", "azure"], { TAILWIND_SERVICE_BUS: "" });
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain("--transport azure needs TAILWIND_SERVICE_BUS");
  });

  it("says which transports there are", async () => {
    const { code, err } = await start(["--transport", "pigeon"]);
    expect(code).toBe(2);
    expect(err).toContain('--transport is "pigeon": give memory, emulator, azure');
  });
});
