import { videos } from "tailwind-contracts";
import { service, type App, type UploadContent } from "waybill";

/** Films articles. It handles nothing: it uploads and sends. */
export const studio = service("studio").sends(videos);

/** Uploads a video, which is streamed and may be larger than memory, then tells whoever shows it. */
export async function publish(
  app: App<"videos">,
  article: { readonly stockCode: string; readonly title: string },
  content: UploadContent,
): Promise<void> {
  const video = await app.upload(content, { contentType: "video/mp4" });
  await app.send(videos.uploaded, { ...article, video });
}

/** Where videos are shown. */
export interface ShopWindow {
  show(stockCode: string, video: ReadableStream<Uint8Array>): Promise<void>;
}

/** Shows videos. What is not the video that was uploaded never gets this far: it lies in the dead letters. */
export const windowDresser = service("window-dresser")
  .needs<{ readonly shopWindow: ShopWindow }>()
  .consume(videos, {
    uploaded: async ({ data: { stockCode, video } }, ctx) => {
      await ctx.deps.shopWindow.show(stockCode, await ctx.download(video));
    },
  });
