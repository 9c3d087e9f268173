import { event, queue, type Attachment } from "waybill/contracts";
import * as z from "zod";

/** A file as it travels: where it is and what it must be, never the file itself. */
const File = z.object({
  ref: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string(),
  contentType: z.string(),
}) satisfies z.ZodType<Attachment>;

/** Somebody filmed an article for the shop window. */
export const VideoUploaded = event("tailwind.media.video-uploaded", {
  version: 1,
  schema: z.object({ stockCode: z.string(), title: z.string(), video: File }),
});

/** Videos that are to be shown. */
export const videos = queue("videos", { messages: { uploaded: VideoUploaded } });
