/** What JSON would be, found without building it: in one pass, without recursion. Of a text that is no JSON it means nothing. */
export interface JsonShape {
  /** Objects and arrays inside each other. */
  readonly depth: number;
  /** Elements of the outermost array, or members of the outermost object; one for an empty one. */
  readonly elements: number;
}

export function shapeOf(text: string): JsonShape {
  let depth = 0;
  let deepest = 0;
  let elements = 1;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (inString) {
      if (unit === backslash) at += 1;
      else if (unit === quote) inString = false;
    } else if (unit === quote) inString = true;
    // `{` and `[` differ in one bit, and so do `}` and `]`.
    else if ((unit | 0x20) === 0x7b) deepest = Math.max(deepest, (depth += 1));
    else if ((unit | 0x20) === 0x7d) depth -= 1;
    else if (unit === comma && depth === 1) elements += 1;
  }
  return { depth: deepest, elements };
}

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
