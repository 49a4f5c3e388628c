// What GitHub's Markdown has and typedoc's lacks: formulas, and headings that code is a part of.
import temml from "temml";

/** @typedef {import("markdown-it").default} Parser */

/**
 * A formula as MathML, which browsers draw by themselves.
 *
 * @param {string} tex
 * @param {boolean} display
 */
const draw = (tex, display) =>
  temml.renderToString(tex, { displayMode: display, throwOnError: true });

/** ```math blocks and $`...`$. @param {Parser} parser */
export function drawMath(parser) {
  const fence = parser.renderer.rules.fence;
  parser.renderer.rules.fence = (tokens, i, ...rest) =>
    tokens[i].info.trim() === "math" ? draw(tokens[i].content, true) : fence(tokens, i, ...rest);
  parser.renderer.rules.formula = (tokens, i) => draw(tokens[i].content, false);
  parser.core.ruler.push("formulas", ({ tokens }) => {
    for (const { children } of tokens) if (children) takeFormulas(children);
  });
}

/** Code between two dollars becomes a formula. */
function takeFormulas(children) {
  for (const [i, token] of children.entries()) {
    const [before, after] = [children[i - 1], children[i + 1]];
    if (token.type !== "code_inline" || !before?.content.endsWith("$")) continue;
    if (!after?.content.startsWith("$")) continue;
    before.content = before.content.slice(0, -1);
    after.content = after.content.slice(1);
    token.type = "formula";
  }
}

/**
 * typedoc makes a heading's anchor of its text alone: the code in it counts, too.
 *
 * @param {Parser} parser
 */
export function nameHeadings(parser) {
  parser.core.ruler.push("named-headings", (state) => {
    for (const [i, { type }] of state.tokens.entries()) {
      if (type !== "heading_open") continue;
      for (const token of state.tokens[i + 1].children) {
        if (token.type !== "code_inline") continue;
        const text = new state.Token("text", "", 0);
        text.content = token.content;
        token.children = [text];
      }
    }
  });
}
