import type { WaybillError } from "../errors.js";

/** A file on its way to a handler. */
export interface Download {
  readonly stream: ReadableStream<Uint8Array>;
  /** Ends it, if it has not ended: whoever reads on is told `error`, and what the store holds open is given back. */
  end(error: WaybillError): void;
}

/** Makes a stream of pieces that reads one when it is asked for one. */
export function downloadOf(pieces: AsyncGenerator<Uint8Array, undefined>): Download {
  let fail: (error: WaybillError) => void = () => undefined;
  const stream = new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        fail = (error) => {
          controller.error(error);
        };
      },
      pull: async (controller) => {
        const piece = await pieces.next();
        if (piece.done === true) controller.close();
        else controller.enqueue(piece.value);
      },
      cancel: async () => {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return {
    stream,
    end: (error) => {
      fail(error);
      pieces.return(undefined).catch(() => undefined);
    },
  };
}
