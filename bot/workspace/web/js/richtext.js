// rich_text blocks: sections, lists, quotes and code, without any parsing.

import { h, link } from "./dom.js";
import { drawn, emoji } from "./emoji.js";
import { mention, channelRef, group, broadcast } from "./text.js";
import { slackDate } from "./time.js";

/** richText renders the parts of a rich_text block or table cell. */
export function richText(block) {
  return (block.elements || []).map(part);
}

function part(p) {
  switch (p.type) {
    case "rich_text_list": {
      const indent = p.indent ? ` indent-${Math.min(p.indent, 4)}` : "";
      const items = (p.elements || []).map((item) => h("li", null, ...inline(item.elements)));
      return h(p.style === "ordered" ? "ol" : "ul", { class: `list${indent}`, start: p.offset ? String(p.offset + 1) : null }, items);
    }
    case "rich_text_quote":
      return h("blockquote", null, ...inline(p.elements));
    case "rich_text_preformatted":
      return h("pre", { class: "code" }, ...inline(p.elements));
    default:
      return section(p.elements || []);
  }
}

/** section is one paragraph. A line end at its start only sets it apart from
 *  what is before it, so it becomes a gap instead of an empty line. */
function section(list) {
  const apart = list[0]?.type === "text" && list[0].text.startsWith("\n");
  const rest = apart ? [{ ...list[0], text: list[0].text.slice(1) }, ...list.slice(1)] : list;
  return h("div", { class: `rich${apart ? " apart" : ""}` }, ...inline(rest));
}

const inline = (list) => (list || []).map(styled);

function styled(e) {
  let node = word(e);
  const style = e.style || {};
  if (style.code) node = h("code", null, node);
  if (style.bold) node = h("strong", null, node);
  if (style.italic) node = h("em", null, node);
  if (style.strike) node = h("s", null, node);
  if (style.underline) node = h("u", null, node);
  return node;
}

function word(e) {
  switch (e.type) {
    case "text":
      return breaks(e.text);
    case "link":
      return link(e.url, e.text || e.url);
    case "user":
      return mention(e.user_id);
    case "usergroup":
      return group(e.usergroup_id);
    case "channel":
      return channelRef(e.channel_id);
    case "broadcast":
      return broadcast(e.range);
    case "emoji":
      return emoji(e.name) || `:${e.name}:`;
    case "date":
      return slackDate(Number(e.timestamp), e.format, e.fallback);
    case "color":
      return h("code", null, e.value);
  }
  return JSON.stringify(e);
}

/** breaks keeps line ends, which HTML would swallow. */
function breaks(text) {
  return h("span", { class: "words" }, drawn(text));
}
