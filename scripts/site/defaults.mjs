// What an option is by default, in the sentence that tells of it: typedoc gives each a heading and
// a block of code, and those of a function's parameters to the function.
import { Converter } from "typedoc";

/** @param {import("typedoc").Application} app */
export function tellDefaults(app) {
  // Before typedoc takes the parameters out of the comments of their functions.
  app.converter.on(
    Converter.EVENT_RESOLVE_BEGIN,
    ({ project }) => {
      for (const reflection of Object.values(project.reflections))
        if (reflection.comment) tell(reflection.comment);
    },
    1000,
  );
}

function tell(comment) {
  let last = comment.summary;
  comment.blockTags = comment.blockTags.filter(({ tag, content }) => {
    if (tag !== "@default") last = content;
    else last.push({ kind: "text", text: ` Default: ${asValue(content)}.` });
    return tag !== "@default";
  });
}

/** Literals and names of code as code. */
function asValue(content) {
  const text = content
    .map((part) => part.text)
    .join("")
    .trim();
  return /^(-?[\d.]+(e-?\d+)?|true|false|"[^"]*"|\[[^\]]*\]|[\w.]+\(.*\)|\w+\.\w+)$/.test(text)
    ? `\`${text}\``
    : text;
}
