import { mapError } from "../../adapters/service-bus/map-error.js";

/** The class of what a promise rejects with. */
export const classOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no error",
    (error: unknown) => mapError(error, "it").class,
  );
