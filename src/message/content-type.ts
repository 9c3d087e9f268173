/** A content type, taken apart. Both parts are lower-case. */
export interface ContentType {
  readonly mediaType: string;
  /** Absent where the content type names none. */
  readonly charset?: string;
}

/** Takes a content type apart; parameters other than the charset are ignored. */
export function parseContentType(contentType: string): ContentType {
  const [mediaType = "", ...parameters] = contentType.toLowerCase().split(";");
  for (const parameter of parameters) {
    const [name = "", value = ""] = parameter.split("=");
    if (name.trim() === "charset") return { mediaType: mediaType.trim(), charset: unquoted(value.trim()) };
  }
  return { mediaType: mediaType.trim() };
}

/** Whether the content is JSON: `application/json` or anything with the suffix `+json`. */
export const isJson = ({ mediaType }: ContentType): boolean =>
  mediaType === "application/json" || mediaType === "text/json" || mediaType.endsWith("+json");

/** Whether text of this content type is UTF-8, as it is unless the charset says otherwise. */
export const isUtf8Text = ({ charset }: ContentType): boolean =>
  charset === undefined || charset === "utf-8" || charset === "utf8" || charset === "us-ascii";

const unquoted = (value: string): string =>
  value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
